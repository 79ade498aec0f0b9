#include <workpool/pool/late_tasks.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <array>
#include <vector>

namespace wp = workpool;
using wp::priority;
using wp::detail::late_tasks;
using wp::detail::task;

namespace {

constexpr std::array<std::size_t, wp::priority_count> nothing_waits{};

struct bench {
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  wp::detail::intake_books books;
  late_tasks late{books};
  wp::task_id ids = 0;

  late_tasks::entry make(priority lane) {
    task* const one = new workpool_test::probe_task(log);
    one->describe_as(++ids, lane);
    one->details().outside_queue = true;
    one->details().delayed = true;
    one->accept_by(pool);
    late_tasks::entry alone;
    alone.emplace_back(one, 0U);
    return alone;
  }
  void put(priority lane) {
    late_tasks::entry one = make(lane);
    if (!late.enter(one)) throw "refused";
  }
  /// The id of the next one, which is run; 0: there is none.
  wp::task_id pull(const std::array<std::size_t, wp::priority_count>& waiting = nothing_waits) {
    task* const one = late.pull(waiting);
    if (one == nullptr) return 0;
    const wp::task_id id = one->id();
    workpool_test::fake_owner::run_started(*one);
    one->drop_reference();
    return id;
  }
};

}  // namespace

TEST_CASE("late tasks come out lane by lane, and in a lane as they went in", "[late]") {
  bench here;
  CHECK_FALSE(here.late.any());
  here.put(priority::low);
  here.put(priority::normal);
  here.put(priority::normal);
  here.put(priority::critical);
  CHECK(here.late.any());
  CHECK(here.pull() == 4);
  CHECK(here.pull() == 2);
  CHECK(here.pull() == 3);
  CHECK(here.pull() == 1);
  CHECK(here.pull() == 0);
  CHECK_FALSE(here.late.any());
  CHECK(here.log.destroyed == 4);
}

TEST_CASE("a late task goes before what waits in its lane, and after what waits above", "[late]") {
  bench here;
  here.put(priority::normal);
  CHECK(here.pull({0, 1, 0, 0}) == 0);
  CHECK(here.late.any());
  CHECK(here.pull({0, 0, 1, 1}) == 1);
}

TEST_CASE("entering ends the delay, in the task and in the books", "[late]") {
  bench here;
  late_tasks::entry one = here.make(priority::high);
  const task* const watched = one.front().get();
  CHECK(watched->delayed());
  REQUIRE(here.late.enter(one));
  CHECK(one.empty());
  CHECK_FALSE(watched->delayed());
  CHECK(here.books.delays_ended()[wp::lane_index(priority::high)] == 1);
  CHECK(here.pull() == 1);
}

TEST_CASE("a task whose delay has ended otherwise does not become late", "[late]") {
  bench here;
  late_tasks::entry one = here.make(priority::high);
  one.front().get()->end_delay();
  CHECK_FALSE(here.late.enter(one));
  CHECK(one.size() == 1);
  CHECK_FALSE(here.late.any());
  CHECK(here.books.delays_ended()[wp::lane_index(priority::high)] == 0);
}

TEST_CASE("a late task that was withdrawn is passed over", "[late]") {
  bench here;
  late_tasks::entry first = here.make(priority::normal);
  task& withdrawn = *first.front().get();
  REQUIRE(here.late.enter(first));
  here.put(priority::normal);
  CHECK(withdrawn.withdraw(wp::outcome::cancelled));
  CHECK(here.pull() == 2);
  CHECK(here.pull() == 0);
  CHECK(here.log.destroyed == 2);
}

TEST_CASE("emptying a lane takes all of it, in its order, and nothing of the others", "[late]") {
  bench here;
  for (const priority lane : {priority::normal, priority::low, priority::normal}) here.put(lane);
  const late_tasks::entry all = here.late.take_all(priority::normal);
  REQUIRE(all.size() == 2);
  CHECK(all.front().get()->id() == 1);
  CHECK(all.back().get()->id() == 3);
  CHECK(here.late.take_all(priority::normal).empty());
  CHECK(here.pull() == 2);
  CHECK_FALSE(here.late.any());
}
