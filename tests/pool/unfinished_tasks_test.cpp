#include <workpool/pool/unfinished_tasks.hpp>

#include <array>
#include <cstddef>
#include <workpool/core/priority.hpp>

#include "support/catch.hpp"
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
    for (task* const one : {&low, &first, &second}) all.add(*one);
  }
  workpool_test::probe_log log;
  workpool_test::probe_task low{log}, first{log}, second{log};
  unfinished_tasks all{0};
};

auto queued(std::size_t critical, std::size_t high, std::size_t normal, std::size_t low) {
  return [=] { return std::array<std::size_t, wp::priority_count>{critical, high, normal, low}; };
}

}  // namespace

TEST_CASE("the most urgent unfinished task goes first, of equals the one that came first") {
  three some;
  CHECK(some.all.any());
  CHECK(some.all.take_before(queued(0, 9, 9, 9)) == &some.first);
  CHECK(some.all.take_before(queued(0, 0, 0, 0)) == &some.second);
  CHECK(some.all.take_before(queued(0, 0, 0, 5)) == &some.low);
  CHECK(some.all.take_before(queued(0, 0, 0, 0)) == nullptr);
  CHECK_FALSE(some.all.any());
}

TEST_CASE("what is more urgent than every unfinished task goes before them") {
  three some;
  CHECK(some.all.take_before(queued(1, 0, 0, 0)) == nullptr);
  CHECK(some.all.remove(some.first));
  CHECK(some.all.remove(some.second));
  CHECK(some.all.take_before(queued(0, 0, 1, 0)) == nullptr);
  CHECK(some.all.take_before(queued(0, 0, 0, 1)) == &some.low);
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
  CHECK(all.take_before(queued(1, 1, 1, 1)) == nullptr);
  CHECK(all.take_before(queued(1, 1, 1, 1)) == nullptr);
  CHECK(all.take_before(queued(1, 1, 1, 1)) == &low);
}
