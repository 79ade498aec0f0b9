#include <workpool/pool/thread_restart.hpp>

#include <algorithm>
#include <chrono>
#include <workpool/supervise/slot_machine.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::restart_decision;
using workpool::time_point;
using workpool::detail::slot_machine;
using workpool::detail::slot_state;
using workpool::detail::thread_restart;
using action = workpool::restart_decision::action;

TEST_CASE("a thread that was lost is followed by another one at once, however often", "[restart]") {
  thread_restart policy;
  for (int loss = 0; loss < 10'000; ++loss) {
    REQUIRE(policy.decide({.failed = false, .uptime = 0ns}, time_point{}) == restart_decision{action::restart, 0ns});
  }
}

TEST_CASE("a failed start is tried again after 100 ms, then after twice as long each time, at most 30 s", "[restart]") {
  thread_restart policy;
  workpool::duration wait = 100ms;
  for (int failure = 0; failure < 15; ++failure) {
    CHECK(policy.decide({.failed = true}, time_point{}) == restart_decision{action::restart, wait});
    wait = std::min<workpool::duration>(2 * wait, 30s);
  }
  CHECK(wait == 30s);
}

TEST_CASE("after a thread that ran the next failure is a first one", "[restart]") {
  thread_restart policy;
  for (int failure = 0; failure < 5; ++failure) policy.decide({.failed = true}, time_point{});
  policy.decide({.failed = false}, time_point{});
  CHECK(policy.decide({.failed = true}, time_point{}).delay == 100ms);
}

TEST_CASE("in a slot it keeps trying, and is never given up", "[restart]") {
  slot_machine<thread_restart> place{thread_restart()};
  time_point now{1h};
  REQUIRE(place.start(now).spawn);
  for (int failure = 0; failure < 100; ++failure) {
    CHECK_FALSE(place.died(place.generation(), {.failed = true}, now).spawn);
    REQUIRE(place.state() == slot_state::backing_off);
    CHECK_FALSE(place.due(place.deadline() - 1ns).spawn);
    now = place.deadline();
    REQUIRE(place.due(now).spawn);
  }
  place.ready(place.generation());
  CHECK(place.died(place.generation(), {.failed = false, .uptime = 1s}, now).spawn);
}
