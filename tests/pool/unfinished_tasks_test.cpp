#include <workpool/pool/unfinished_tasks.hpp>

#include <array>
#include <cstddef>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using wp::detail::task;
using wp::detail::unfinished_tasks;

namespace {

struct three {
  three() {
    low.describe_as(1, wp::priority::low);
    first.describe_as(2, wp::priority::high);
    second.describe_as(3, wp::priority::high);
    for (task* const one : {&second, &low, &first}) all.add(*one);
  }
  workpool_test::probe_log log;
  workpool_test::probe_task low{log}, first{log}, second{log};
  unfinished_tasks all{0};
};

auto queued(std::size_t critical, std::size_t high, std::size_t normal, std::size_t low) {
  return [=] { return std::array<std::size_t, wp::priority_count>{critical, high, normal, low}; };
}

using goes = unfinished_tasks::goes;
constexpr auto anything = [](const task&, goes) { return true; };

}  // namespace

TEST_CASE("the most urgent unfinished task goes first, of equals the one with the lowest number") {
  three some;
  CHECK(some.all.any());
  CHECK(some.all.take_before(queued(0, 9, 9, 9), anything) == &some.first);
  CHECK(some.all.take_before(queued(0, 0, 0, 0), anything) == &some.second);
  CHECK(some.all.take_before(queued(0, 0, 0, 5), anything) == &some.low);
  CHECK(some.all.take_before(queued(0, 0, 0, 0), anything) == nullptr);
  CHECK_FALSE(some.all.any());
}

TEST_CASE("where there is room no memory is asked for, however much was added before") {
  three some;
  REQUIRE(some.all.make_room(1000));
  workpool_test::probe_task first{some.log}, last{some.log};
  first.describe_as(10, wp::priority::normal);
  last.describe_as(11, wp::priority::normal);
  some.all.add(last);
  some.all.add(first);
  CHECK(some.all.take(wp::priority::normal) == &first);
  CHECK_FALSE(some.all.make_room(~std::size_t{0} / 2));
  CHECK(some.all.take(wp::priority::normal) == &last);
}

TEST_CASE("what is more urgent than every unfinished task goes before them") {
  three some;
  CHECK(some.all.take_before(queued(1, 0, 0, 0), anything) == nullptr);
  CHECK(some.all.remove(some.first));
  CHECK(some.all.remove(some.second));
  CHECK(some.all.take_before(queued(0, 0, 1, 0), anything) == nullptr);
  CHECK(some.all.take_before(queued(0, 0, 0, 1), anything) == &some.low);
}

TEST_CASE("a task that was taken or removed is there no more") {
  three some;
  CHECK(some.all.take(wp::priority::normal) == nullptr);
  CHECK(some.all.take(wp::priority::low) == &some.low);
  CHECK_FALSE(some.all.remove(some.low));
  CHECK(some.all.remove(some.second));
  CHECK(some.all.take() == &some.first);
  CHECK(some.all.take() == nullptr);
}

TEST_CASE("every so many times the queue has to wait, whatever lies in it") {
  workpool_test::probe_log log;
  workpool_test::probe_task low(log);
  low.describe_as(1, wp::priority::low);
  unfinished_tasks all(3);
  all.add(low);
  CHECK(all.take_before(queued(1, 1, 1, 1), anything) == nullptr);
  CHECK(all.take_before(queued(1, 1, 1, 1), anything) == nullptr);
  CHECK(all.take_before(queued(1, 1, 1, 1), anything) == &low);
}

TEST_CASE("what is not for who asks stays, and nothing less urgent goes before it") {
  three some;
  const auto ahead = [](const task&, goes where) { return where == goes::ahead; };
  CHECK(some.all.most_urgent_lane() == wp::priority::high);
  CHECK(some.all.take_before(queued(0, 0, 0, 0), ahead) == nullptr);
  CHECK(some.all.remove(some.first));
  CHECK(some.all.remove(some.second));
  CHECK(some.all.remove(some.low));
  CHECK_FALSE(some.all.most_urgent_lane());
  some.all.add(some.low, goes::ahead);
  CHECK(some.all.take_before(queued(0, 0, 0, 0), ahead) == &some.low);
}

TEST_CASE("of what was withdrawn while it lay there the most urgent is told apart") {
  three some;
  CHECK(some.all.take_withdrawn() == nullptr);
  workpool_test::fake_owner owner;
  some.first.accept_by(owner);
  CHECK(some.first.withdraw(wp::outcome::cancelled));
  CHECK(some.all.take_withdrawn() == &some.first);
  CHECK(some.all.take_withdrawn() == nullptr);
}
