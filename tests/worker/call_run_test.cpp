#include <workpool/worker/call_run.hpp>

#include <chrono>
#include <cstdint>
#include <workpool/core/clock.hpp>
#include <workpool/core/priority.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using wp::detail::call_mark;
using wp::detail::call_run;

namespace {

struct running {
  running() { self.describe_as(50, wp::priority::normal); }
  workpool_test::probe_log log;
  workpool_test::probe_task self{log};
  call_mark mark;
  std::uint64_t ever = 10;
  call_run run{mark, ever, 0, self};
};

}  // namespace

TEST_CASE("the task that runs has the number of its call, after those of earlier runs") {
  running one;
  one.run.start(3);
  CHECK(one.self.id() == 53);
  CHECK(one.run.begin());
  CHECK(one.self.id() == 53);
  CHECK(one.mark.begun() == 11);
  CHECK(one.run.begin());
  CHECK(one.self.id() == 54);
  CHECK(one.mark.begun() == 12);
}

TEST_CASE("a run goes on for a millisecond, and is over soon after it") {
  running one;
  const wp::time_point before = wp::steady::now();
  one.run.start(0);
  const wp::time_point end = wp::steady::now() + std::chrono::milliseconds(1);
  bool over = false;
  while (!over && wp::steady::now() < end) {
    REQUIRE(one.run.begin());
    over = one.run.is_over();
  }
  CHECK(wp::steady::now() - before >= std::chrono::milliseconds(1));
  int more = 0;  // calls after that
  for (; !over; ++more) {
    REQUIRE(one.run.begin());
    over = one.run.is_over();
  }
  CHECK(more <= 8);
}

TEST_CASE("a run that is to end soon ends after this call") {
  running one;
  one.run.start(0);
  REQUIRE(one.run.begin());
  one.run.end_soon();
  CHECK(one.run.is_over());
}

TEST_CASE("in a run that was taken back no call begins, but for the one that begins with it") {
  running one;
  one.run.start(0);
  CHECK(one.mark.begin_turn(1) == 11);
  CHECK(one.run.begin());
  CHECK_FALSE(one.run.begin());
}

TEST_CASE("a run that was taken back before it began is not wanted, one that was sent after that is") {
  workpool_test::probe_log log;
  workpool_test::probe_task self{log};
  call_mark mark;
  std::uint64_t ever = 0;
  mark.begin_turn(1);
  const call_run late(mark, ever, 0, self);
  CHECK_FALSE(late.is_wanted());
  CHECK(mark.begun() == 1);
  const call_run next(mark, ever, 1, self);
  CHECK(next.is_wanted());
  CHECK(mark.begun() == 2);
}
