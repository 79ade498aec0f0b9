#include <workpool/supervise/slot_machine.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <workpool/supervise/restart_intensity.hpp>

#include "support/catch.hpp"
#include "support/every_sequence.hpp"

using namespace std::chrono_literals;
using workpool::restart_intensity;
using workpool::restart_options;
using workpool::time_point;
using workpool::detail::slot_actions;
using workpool::detail::slot_state;
using machine = workpool::detail::slot_machine<restart_intensity>;

namespace {

constexpr workpool::death crash{true, 10s}, end{false, 10s};

machine make(restart_options options = {}) { return machine(restart_intensity(options, 1)); }

machine make_ready(restart_options options = {}) {
  machine slot = make(options);
  slot.start({});
  slot.ready(1);
  return slot;
}

}  // namespace

TEST_CASE("a slot is started, becomes ready, is asked to stop and has stopped with its death", "[slot]") {
  machine slot = make();
  CHECK(slot.state() == slot_state::stopped);
  CHECK(slot.start({}) == slot_actions{.spawn = true});
  CHECK(slot.generation() == 1);
  CHECK(slot.ready(1));
  CHECK(slot.deadline() == time_point::max());
  CHECK(slot.stop({}) == slot_actions{.ask_to_stop = true});
  CHECK(slot.state() == slot_state::stopping);
  CHECK(slot.died(1, end, {}) == slot_actions{});
  CHECK(slot.state() == slot_state::stopped);
}

TEST_CASE("what dies is started again at once, then later and later", "[slot]") {
  machine slot = make_ready({.backoff = {.initial = 100ms}});
  CHECK(slot.died(1, crash, {}) == slot_actions{.spawn = true});
  CHECK(slot.generation() == 2);
  CHECK(slot.died(2, crash, {}) == slot_actions{});
  CHECK(slot.state() == slot_state::backing_off);
  CHECK(slot.due(time_point(100ms - 1ns)) == slot_actions{});
  CHECK(slot.due(time_point(100ms)) == slot_actions{.spawn = true});
  CHECK(slot.generation() == 3);
}

TEST_CASE("one restart for each death: a second word of it changes nothing", "[slot]") {
  machine slot = make_ready();
  CHECK(slot.died(1, crash, {}) == slot_actions{.spawn = true});
  CHECK(slot.died(1, crash, {}) == slot_actions{});
  CHECK_FALSE(slot.ready(1));
  CHECK(slot.state() == slot_state::starting);
  CHECK(slot.generation() == 2);
}

TEST_CASE("too many deaths are the end of the slot, told once, and a start gives it a new chance", "[slot]") {
  machine slot = make_ready({.max_restarts = 1});
  CHECK(slot.died(1, crash, {}) == slot_actions{.spawn = true});
  CHECK(slot.died(2, crash, {}) == slot_actions{.tell_failed = true});
  CHECK(slot.state() == slot_state::failed);
  CHECK(slot.due(time_point::max() - 1ns) == slot_actions{});
  CHECK(slot.start({}) == slot_actions{.spawn = true});
  CHECK(slot.died(3, crash, {}) == slot_actions{.spawn = true});
}

TEST_CASE("what has worked dies as if it were the first time, but not what is only ready", "[slot]") {
  machine slot = make_ready({.max_restarts = 1});
  for (std::uint32_t generation = 1; generation < 5; ++generation) {
    slot.worked(generation);
    CHECK(slot.died(generation, crash, {}) == slot_actions{.spawn = true});
    slot.worked(generation + 1);  // it has not begun
    CHECK(slot.ready(generation + 1));
    slot.worked(generation);  // an old word
  }
  CHECK(slot.died(5, crash, {}) == slot_actions{.tell_failed = true});
}

TEST_CASE("what is not to be restarted stays where it is", "[slot]") {
  machine slot = make_ready({.when = workpool::restart_when::transient});
  CHECK(slot.died(1, end, {}) == slot_actions{});
  CHECK(slot.state() == slot_state::stopped);
}

TEST_CASE("what is not ready in time is killed, and its death is a failure", "[slot]") {
  machine slot = make({.when = workpool::restart_when::transient, .min_uptime = 0s});
  slot.start({});
  CHECK(slot.deadline() == time_point(5s));
  CHECK(slot.due(time_point(5s)) == slot_actions{.kill = true});
  CHECK_FALSE(slot.ready(1));  // too late
  CHECK(slot.died(1, end, time_point(5s)) == slot_actions{.spawn = true});
}

TEST_CASE("what does not stop in time is killed, and stays down", "[slot]") {
  machine slot = make_ready();
  slot.stop({});
  CHECK(slot.due(time_point(2s)) == slot_actions{.kill = true});
  CHECK(slot.died(1, crash, time_point(3s)) == slot_actions{});
  CHECK(slot.state() == slot_state::stopped);
}

TEST_CASE("three strikes in a row are out, an answer between them forgives", "[slot]") {
  machine slot = make_ready();
  for (int n = 0; n < 2; ++n) CHECK(slot.missed(1) == slot_actions{});
  slot.answered(1);
  for (int n = 0; n < 2; ++n) CHECK(slot.missed(1) == slot_actions{});
  CHECK(slot.missed(1) == slot_actions{.kill = true});
  CHECK(slot.missed(1) == slot_actions{});  // killed once
  CHECK(slot.died(1, end, {}) == slot_actions{.spawn = true});
  CHECK(slot.missed(1) == slot_actions{});
}

TEST_CASE("a slot that is started while it stops starts after the death", "[slot]") {
  machine slot = make_ready();
  slot.stop({});
  CHECK(slot.start({}) == slot_actions{});
  CHECK(slot.died(1, end, {}) == slot_actions{.spawn = true});
}

TEST_CASE("a slot that is stopped while it backs off is stopped, and no timer starts it", "[slot]") {
  machine slot = make_ready();
  slot.died(1, crash, {});
  slot.died(2, crash, {});
  REQUIRE(slot.state() == slot_state::backing_off);
  CHECK(slot.stop({}) == slot_actions{});
  CHECK(slot.state() == slot_state::stopped);
  CHECK(slot.deadline() == time_point::max());
  CHECK(slot.due(time_point(1h)) == slot_actions{});
}

TEST_CASE("a policy that throws leaves a failed slot, not a second start", "[slot]") {
  struct thrower {
    workpool::restart_decision decide(const workpool::death&, time_point) { throw 1; }
    void reset() {}
  };
  workpool::detail::slot_machine<thrower> slot{thrower()};
  slot.start({});
  CHECK_THROWS(slot.died(1, crash, {}));
  CHECK(slot.state() == slot_state::failed);
}

namespace {

/// Restarts thrice: at once, then after a second.
struct thrice {
  workpool::restart_decision decide(const workpool::death&, time_point) {
    using action = workpool::restart_decision::action;
    if (made == 3) return {action::give_up};
    return {action::restart, made++ == 0 ? workpool::duration::zero() : workpool::duration(1s)};
  }
  void reset() { made = 0; }
  int made = 0;
};

enum class step { start, stop, ready, death, missed, answered, wait, old_death };

/// A slot and what really runs in it, with the rules that hold whatever happens.
struct driven {
  void operator()(step next) {
    const slot_state before = slot.state();
    slot_actions done;
    switch (next) {
      case step::start:
        done = slot.start(now);
        wanted = true;
        break;
      case step::stop:
        done = slot.stop(now);
        wanted = false;
        break;
      case step::ready:
        if (!running) return;
        slot.ready(running);
        break;
      case step::death: {
        if (!running) return;
        const std::uint32_t dead = running;
        running = 0;
        killed = false;
        done = slot.died(dead, crash, now);
        break;
      }
      case step::missed:
        done = slot.missed(slot.generation());
        break;
      case step::answered:
        slot.answered(slot.generation());
        slot.worked(slot.generation());
        holds(slot.state() == before, "an answer does not move a slot");
        break;
      case step::wait:
        now += 3s;
        done = slot.due(now);
        holds(slot.deadline() > now, "what is due is done");
        break;
      case step::old_death:
        if (slot.generation() == 0) return;
        done = slot.died(slot.generation() - 1, crash, now);
        holds(done == slot_actions{} && slot.state() == before, "an old death changes nothing");
        break;
    }
    if (done.kill) {
      holds(running != 0, "only what runs is killed");
      holds(!killed, "nothing is killed twice");
      killed = true;
    }
    if (done.ask_to_stop) holds(running != 0 && !wanted, "only what runs and is not wanted is asked to stop");
    if (done.spawn) {
      holds(running == 0, "never two at work in one slot");
      holds(wanted, "nothing is started that is not wanted");
      holds(slot.state() == slot_state::starting, "what is started is starting");
      running = slot.generation();
    }
    holds(slot.occupied() == (running != 0), "the slot knows whether something runs");
    if (done.tell_failed) holds(slot.state() == slot_state::failed, "what is told to have failed has");
    holds((slot.deadline() == time_point::max()) || slot.state() == slot_state::starting ||
              slot.state() == slot_state::stopping || slot.state() == slot_state::backing_off,
          "only who waits for something has a deadline");
    if (slot.state() == slot_state::backing_off) holds(wanted, "only what is wanted waits for its restart");
    if (slot.state() == slot_state::stopping && wanted) holds(running != 0, "it starts again after its death");
  }
  void holds(bool so, const char* rule) {
    if (!so && broken == nullptr) broken = rule;
  }

  workpool::detail::slot_machine<thrice> slot{thrice(), {.ready_timeout = 5s, .stop_timeout = 2s, .strikes = 2}};
  time_point now{};
  std::uint32_t running = 0;  // the generation of what runs; 0: nothing
  bool wanted = false, killed = false;
  const char* broken = nullptr;
};

}  // namespace

TEST_CASE("every sequence of up to eight events keeps the rules", "[slot]") {
  workpool_test::enumeration tried;
  workpool_test::try_every_sequence<step>(driven(), tried);
  INFO((tried.broken == nullptr ? "" : tried.broken));
  CHECK(tried.broken == nullptr);
  CHECK(tried.sequences == workpool_test::all_sequences);
}
