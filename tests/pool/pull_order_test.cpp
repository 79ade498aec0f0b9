#include <workpool/pool/pull_order.hpp>

#include "support/catch.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <algorithm>
#include <utility>
#include <vector>
#include <workpool/pool/defaults.hpp>
#include <workpool/queue/fifo_queue.hpp>

namespace wp = workpool;
using wp::priority;
using wp::detail::late_tasks;
using wp::detail::task;
using wp::detail::thread_worker;

namespace {

using lanes = wp::detail::default_queue;
using line = wp::fifo_queue<wp::task_ref>;
using ids = std::vector<wp::task_id>;

/// Two workers without threads, a queue, and tasks that are numbered by the test.
template <class Queue>
struct bench {
  using crew_type = workpool_test::fake_crew;

  task* make(wp::task_id id, priority lane) {
    task* const one = new workpool_test::probe_task(log);
    one->describe_as(id, lane);
    one->accept_by(pool);
    return one;
  }
  void queue(wp::task_id id, priority lane = priority::normal) {
    if (tasks.try_push(wp::task_ref(make(id, lane)), lane) != wp::push_status::accepted) throw "refused";
  }
  void submit_from(thread_worker& worker, wp::task_id id) {
    task* const one = make(id, priority::normal);
    one->set_in_hand(true);
    if (!worker.own.push(one)) throw "refused";
  }
  void come_late(wp::task_id id, priority lane = priority::normal) {
    task* const one = make(id, lane);
    one->details().delayed = true;
    late_tasks::entry alone;
    alone.emplace_back(one, 0U);
    if (!late.enter(alone)) throw "refused";
  }

  /// The id of what the worker runs next; 0: nothing.
  wp::task_id pull(thread_worker& me) {
    task* const next = order.pull(me);
    if (next == nullptr) return 0;
    const wp::task_id id = next->id();
    workpool_test::fake_owner::run_started(*next);
    next->drop_reference();
    return id;
  }
  ids pull_all(thread_worker& me) {
    ids all;
    while (const wp::task_id id = pull(me)) all.push_back(id);
    return all;
  }

  wp::pool_options options;
  wp::detail::task_runner runner{options};
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  crew_type crew{2};
  Queue tasks{options.queue};
  late_tasks late{runner.intake()};
  wp::detail::fork_desk<crew_type> forks{pool, runner, crew};
  wp::detail::pull_order<Queue, crew_type> order{tasks, crew, late, forks};
};

}  // namespace

TEMPLATE_TEST_CASE("work is in sight wherever it lies, and none is when all has been pulled", "[order]", lanes, line) {
  bench<TestType> here;
  CHECK_FALSE(here.order.work_in_sight());
  SECTION("in the queue") { here.queue(1); }
  SECTION("late") { here.come_late(1); }
  CHECK(here.order.work_in_sight());
  CHECK(here.order.work_published());
  CHECK(here.pull_all(here.crew[0]) == ids{1});
  CHECK_FALSE(here.order.work_in_sight());
}

TEMPLATE_TEST_CASE("what is late goes before the queue, but not before lanes above it", "[order]", lanes, line) {
  bench<TestType> here;
  here.queue(1);
  here.come_late(2);
  CHECK(here.pull(here.crew[0]) == 2);
  CHECK(here.pull(here.crew[0]) == 1);
}

TEST_CASE("a late task waits for the lanes above it", "[order]") {
  bench<lanes> here;
  here.queue(1, priority::high);
  here.come_late(2);
  CHECK(here.pull_all(here.crew[0]) == ids{1, 2});
}

TEST_CASE("a worker goes on with the newest of its own, then with the queue", "[order]") {
  bench<lanes> here;
  here.queue(1);
  for (const wp::task_id id : ids{2, 3, 4}) here.submit_from(here.crew[0], id);
  CHECK(here.pull_all(here.crew[0]) == ids{4, 3, 2, 1});
}

TEST_CASE("what is urgent goes before a worker's own", "[order]") {
  bench<lanes> here;
  here.submit_from(here.crew[0], 1);
  here.queue(2, priority::low);
  here.queue(3, priority::critical);
  CHECK(here.pull_all(here.crew[0]) == ids{3, 1, 2});
}

TEST_CASE("neither the queue nor the oldest of its own waits for ever behind what a worker's tasks go on submitting",
          "[order]") {
  bench<lanes> here;
  thread_worker& me = here.crew[0];
  here.submit_from(me, 1);
  here.submit_from(me, 2);
  here.queue(3);
  std::size_t seen_oldest = 0, seen_queued = 0;
  for (wp::task_id id = 10; id < 10 + 61; ++id) {
    here.submit_from(me, id);
    const wp::task_id next = here.pull(me);
    if (next == 1) ++seen_oldest;
    if (next == 3) ++seen_queued;
  }
  CHECK(seen_oldest == 1);
  CHECK(seen_queued == 1);
  here.pull_all(me);
}

TEST_CASE("what lies in the hand of a worker is left to it, unless it does not get to it", "[order]") {
  bench<lanes> here;
  thread_worker &me = here.crew[0], &other = here.crew[1];
  here.submit_from(other, 1);
  CHECK(here.pull(me) == 0);
  SECTION("because it rests") { other.at_rest = true; }
  SECTION("because it waits in the middle of a task") { other.waits = 1; }
  SECTION("because who guards has seen that it does not") { me.relieves = &other; }
  CHECK(here.pull(me) == 1);
  CHECK(me.relieves == nullptr);
}

TEST_CASE("of several in a hand others take the oldest, and call for more help", "[order]") {
  bench<lanes> here;
  for (const wp::task_id id : ids{1, 2, 3}) here.submit_from(here.crew[1], id);
  CHECK(here.pull(here.crew[0]) == 1);
  CHECK(here.crew.shared == 1);
  CHECK(here.pull_all(here.crew[1]) == ids{3, 2});
}

TEST_CASE("what a worker has taken out and does not get to is taken by others, the oldest first", "[order]") {
  bench<lanes> here;
  for (unsigned claimed = 1; claimed <= 5; ++claimed) here.crew[1].most.taken(claimed, {});  // its tasks are short
  for (wp::task_id id = 1; id <= 40; ++id) here.queue(id);
  CHECK(here.pull(here.crew[1]) == 1);
  REQUIRE_FALSE(here.crew[1].batch.empty());
  const ids rest = here.pull_all(here.crew[0]);
  CHECK(here.crew[1].batch.empty());
  CHECK(rest.size() == 39);
  CHECK(std::find(rest.begin(), rest.end(), 2) != rest.end());
}

TEMPLATE_TEST_CASE("a worker without work takes what another one has forked", "[order]", lanes, line) {
  bench<TestType> here;
  const auto running = wp::task_ref(here.make(7, priority::normal));
  const wp::detail::run_scope scope(*running.get(), 1);
  static bool ran;
  ran = false;
  wp::detail::fork_job part([](wp::detail::fork_job&) { ran = true; });
  here.crew[1].forks.push(&part);
  CHECK(here.order.work_in_sight());
  CHECK(here.pull(here.crew[0]) != 0);
  CHECK(ran);
  CHECK_FALSE(here.order.work_in_sight());
}

TEMPLATE_TEST_CASE("a task that was withdrawn while it waited is not pulled", "[order]", lanes, line) {
  bench<TestType> here;
  task* const one = here.make(1, priority::normal);
  one->add_reference();
  REQUIRE(here.tasks.try_push(wp::task_ref(one), priority::normal) == wp::push_status::accepted);
  here.queue(2);
  CHECK(one->withdraw(wp::outcome::cancelled));
  CHECK(here.pull_all(here.crew[0]) == ids{2});
  one->drop_reference();
}

TEST_CASE("hands are emptied of one lane", "[order]") {
  bench<lanes> here;
  here.queue(1, priority::low);
  here.submit_from(here.crew[0], 2);
  here.submit_from(here.crew[1], 3);
  ids found;
  const auto note = [&found](wp::task_ref&& one) {
    const wp::task_ref gone = std::move(one);
    found.push_back(gone.get()->id());
  };
  here.order.empty_hands(priority::high, note);
  CHECK(found.empty());
  here.order.empty_hands(priority::normal, note);
  CHECK(found == ids{2, 3});
  CHECK(here.pool.withdrawals.size() == 2);  // thrown away, they are discarded
  CHECK(here.pull_all(here.crew[0]) == ids{1});
}
