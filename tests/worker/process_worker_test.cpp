#include <workpool/worker/process_worker.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <type_traits>
#include <utility>
#include <workpool/ipc/loopback_channel.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using worker = wp::detail::process_worker<wp::loopback_channel>;
using wp::detail::kill_ladder;

TEST_CASE("a worker that was just asked for has nothing, waits for nothing and is to blame for nothing") {
  worker one(3, 7, kill_ladder(100ms, 1s));
  CHECK(one.id == 3);
  CHECK(one.generation == 7);
  CHECK(one.stage == wp::detail::process_stage::asked_for);
  CHECK(one.pid == 0);
  CHECK_FALSE((one.line.has_value() || one.pidfd || one.early.has_value() || one.ended.has_value()));
  CHECK((one.current() == nullptr && one.coming.one == nullptr && one.sent.front() == nullptr));
  for (const wp::time_point deadline : {one.deadline, one.next_beat, one.ahead_until, one.ping_at, one.pong_until,
                                        one.closed_until, one.ladder.deadline()}) {
    CHECK(deadline == wp::time_point::max());
  }
  CHECK(one.cause == wp::crash_report::cause::unknown);
  CHECK_FALSE((one.planned || one.killed || one.held || one.has_room || one.unanswered));
}

TEST_CASE("a worker is the one place of its line, and takes it down with it") {
  static_assert(!std::is_copy_constructible_v<worker> && !std::is_move_constructible_v<worker>);
  auto ends = wp::loopback_channel::make_pair();
  REQUIRE(ends);
  {
    worker one(0, 1, kill_ladder(0ns, 0ns));
    one.line.emplace(std::move(ends->first));
    REQUIRE(one.line->send({.kind = wp::frame_kind::ping}, {}) == wp::transfer::done);
  }
  wp::frame got;
  CHECK(ends->second.receive(got) == wp::transfer::done);
  CHECK(ends->second.receive(got) == wp::transfer::closed);
}

TEST_CASE("a worker that reads its task and answers does both on its line") {
  auto ends = wp::loopback_channel::make_pair();
  REQUIRE(ends);
  worker one(0, 1, kill_ladder(0ns, 0ns));
  one.line.emplace(std::move(ends->first));
  REQUIRE(ends->second.send({.task = 5, .kind = wp::frame_kind::result}, {}) == wp::transfer::done);
  wp::frame got;
  REQUIRE(one.line->receive(got) == wp::transfer::done);
  CHECK(got.header.task == 5);
}
