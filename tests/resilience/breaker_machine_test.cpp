#include <workpool/resilience/breaker_machine.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/every_sequence.hpp"

using namespace std::chrono_literals;
using workpool::circuit_breaker_options;
using workpool::duration;
using workpool::time_point;
using workpool::detail::breaker_machine;
using workpool::detail::breaker_state;
using workpool::detail::call_result;

namespace {

/// What can happen to a breaker, at the time it is at.
enum class step { call, succeed, fail, drop, wait, force_open, force_closed, reset };

/// A machine, its calls under way, and the rules that hold whatever happens.
struct driven {
  explicit driven(const circuit_breaker_options& some) : options(some), machine(some) {}

  void operator()(step next) {
    const breaker_state before = machine.state();
    const std::uint64_t generation = machine.generation();
    switch (next) {
      case step::call:
        if (const auto leave = machine.acquire(now)) {
          calls.push_back(*leave);
          holds(*leave == machine.generation(), "a call belongs to the generation it was let through in");
          holds(machine.state() != breaker_state::open && machine.state() != breaker_state::forced_open,
                "nobody gets through an open breaker");
        } else {
          holds(machine.state() != breaker_state::closed && machine.state() != breaker_state::forced_closed,
                "everybody gets through a closed one");
        }
        break;
      case step::succeed:
      case step::fail:
      case step::drop:
        if (calls.empty()) return;
        record(next);
        break;
      case step::wait:
        now += 5s;
        break;
      case step::force_open:
        machine.force_open(now);
        holds(machine.state() == breaker_state::forced_open, "force_open opens");
        break;
      case step::force_closed:
        machine.force_closed(now);
        holds(machine.state() == breaker_state::forced_closed, "force_closed closes");
        break;
      case step::reset:
        machine.reset(now);
        holds(machine.state() == breaker_state::closed, "reset closes from any state");
        break;
    }
    std::size_t probes = 0;
    for (const std::uint64_t one : calls) probes += one == machine.generation() ? 1 : 0;
    if (machine.state() == breaker_state::half_open) {
      holds(probes <= options.half_open_probes, "no more probes are under way than are needed");
      holds(probes == machine.probes_in_flight(), "every probe under way is known");
    }
    holds(machine.generation() >= generation, "generations only grow");
    if (before != machine.state()) holds(machine.generation() > generation, "a new state is a new generation");
    const bool forced = before == breaker_state::forced_open || before == breaker_state::forced_closed;
    if (forced && next <= step::wait) holds(machine.state() == before, "a forced breaker stays as it is");
  }

  void record(step how) {
    const std::uint64_t call = calls.front();
    calls.erase(calls.begin());
    const breaker_state before = machine.state();
    const bool current = call == machine.generation();
    const call_result result = how == step::succeed ? call_result::success
                               : how == step::fail  ? call_result::failure
                                                    : call_result::dropped;
    machine.record(call, result, 0s, now);
    if (!current) holds(machine.state() == before, "a result of an earlier generation changes nothing");
    if (how == step::drop) holds(machine.state() == before, "a dropped call changes nothing");
    if (current && before == breaker_state::half_open && how == step::fail) {
      holds(machine.state() == breaker_state::open, "a failed probe opens");
    }
    if (current && before == breaker_state::closed && how == step::succeed) {
      holds(machine.state() == breaker_state::closed, "a success opens nothing");
    }
  }

  void holds(bool so, const char* rule) {
    if (!so && broken == nullptr) broken = rule;
  }

  circuit_breaker_options options;
  breaker_machine machine;
  time_point now{};
  std::vector<std::uint64_t> calls;  // generations of those under way, oldest first
  const char* broken = nullptr;
};

/// Brings a machine with a threshold of one into half_open, which lets a first probe through. Gives: its generation.
std::uint64_t half_open(breaker_machine& machine, time_point& now) {
  machine.record(*machine.acquire(now), call_result::failure, 0s, now);
  now += 60s;
  return *machine.acquire(now);
}

}  // namespace

TEST_CASE("every sequence of up to eight events keeps the rules", "[breaker]") {
  workpool_test::enumeration tried;
  for (const unsigned probes : {1U, 2U}) {
    workpool_test::try_every_sequence<step>(
        driven({.failure_threshold = 2, .open_for = 10s, .half_open_probes = probes, .max_half_open = 10s}), tried);
  }
  INFO((tried.broken == nullptr ? "" : tried.broken));
  CHECK(tried.broken == nullptr);
  CHECK(tried.sequences == 2 * workpool_test::all_sequences);
}

TEST_CASE("so many failures in a row open it, and a success begins the row anew", "[breaker]") {
  breaker_machine machine({.failure_threshold = 3});
  const auto tell = [&](call_result result) { machine.record(*machine.acquire({}), result, 0s, {}); };
  for (int n = 0; n < 2; ++n) tell(call_result::failure);
  tell(call_result::success);
  for (int n = 0; n < 2; ++n) tell(call_result::failure);
  tell(call_result::dropped);  // says nothing
  CHECK(machine.state() == breaker_state::closed);
  tell(call_result::failure);
  CHECK(machine.state() == breaker_state::open);
}

TEST_CASE("it is half open with the first call after open_for, and not before", "[breaker]") {
  breaker_machine machine({.failure_threshold = 1, .open_for = 60s});
  machine.record(*machine.acquire({}), call_result::failure, 0s, {});
  CHECK_FALSE(machine.acquire(time_point(60s - 1ns)));
  CHECK(machine.state() == breaker_state::open);
  CHECK(machine.acquire(time_point(60s)));
  CHECK(machine.state() == breaker_state::half_open);
}

TEST_CASE("enough successful probes close it, one that fails opens it again for as long", "[breaker]") {
  breaker_machine machine({.failure_threshold = 1, .open_for = 60s, .half_open_probes = 2});
  time_point now{};
  const std::uint64_t first = half_open(machine, now);
  const auto second = machine.acquire(now);
  REQUIRE(second);
  CHECK_FALSE(machine.acquire(now));
  machine.record(first, call_result::success, 0s, now);
  CHECK_FALSE(machine.acquire(now));  // the second one may be all that is needed
  machine.record(*second, call_result::failure, 0s, now);
  CHECK(machine.state() == breaker_state::open);
  CHECK_FALSE(machine.acquire(now + 60s - 1ns));
  now += 60s;
  for (int n = 0; n < 2; ++n) machine.record(*machine.acquire(now), call_result::success, 0s, now);
  CHECK(machine.state() == breaker_state::closed);
}

TEST_CASE("a dropped probe is replaced by another", "[breaker]") {
  breaker_machine machine({.failure_threshold = 1});
  time_point now{};
  machine.record(half_open(machine, now), call_result::dropped, 0s, now);
  CHECK(machine.state() == breaker_state::half_open);
  CHECK(machine.acquire(now));
}

TEST_CASE("probes that say nothing in time open it again", "[breaker]") {
  breaker_machine machine({.failure_threshold = 1, .open_for = 60s, .max_half_open = 5s});
  time_point now{};
  const std::uint64_t silent = half_open(machine, now);
  CHECK_FALSE(machine.acquire(now + 5s));
  CHECK(machine.state() == breaker_state::open);
  machine.record(silent, call_result::success, 6s, now + 6s);  // too late
  CHECK(machine.state() == breaker_state::open);
  CHECK(machine.acquire(now + 65s));
}

TEST_CASE("an open_for of nothing tries again with the next call", "[breaker]") {
  breaker_machine machine({.failure_threshold = 1, .open_for = 0s});
  machine.record(*machine.acquire({}), call_result::failure, 0s, {});
  const auto probe = machine.acquire({});
  REQUIRE(probe);
  machine.record(*probe, call_result::success, 0s, {});
  CHECK(machine.state() == breaker_state::closed);
}

TEST_CASE("a share of failures opens it from the minimum of calls on, at the rate and above", "[breaker]") {
  breaker_machine machine({.failure_threshold = 0, .failure_rate = 0.5, .window_calls = 4, .minimum_calls = 4});
  const auto tell = [&](bool failed) {
    machine.record(*machine.acquire({}), failed ? call_result::failure : call_result::success, 0s, {});
  };
  for (const bool failed : {true, true, false}) tell(failed);
  CHECK(machine.state() == breaker_state::closed);  // three calls
  tell(false);
  CHECK(machine.state() == breaker_state::open);
}

TEST_CASE("calls that leave the window no longer count", "[breaker]") {
  breaker_machine machine({.failure_threshold = 0, .failure_rate = 0.5, .window_time = 1s, .minimum_calls = 2});
  const auto tell = [&](bool failed, time_point now) {
    machine.record(*machine.acquire(now), failed ? call_result::failure : call_result::success, 0s, now);
  };
  tell(true, time_point(0s));
  tell(false, time_point(1500ms));
  tell(false, time_point(1600ms));
  tell(false, time_point(1650ms));
  tell(true, time_point(1700ms));
  CHECK(machine.state() == breaker_state::closed);
  tell(true, time_point(2700ms));
  tell(false, time_point(2750ms));
  CHECK(machine.state() == breaker_state::open);
}

TEST_CASE("a share of slow calls opens it, and a slow probe too, though they succeed", "[breaker]") {
  breaker_machine machine({.failure_threshold = 0, .minimum_calls = 2, .slow_call = 1s, .slow_rate = 1.0});
  const auto tell = [&](duration took, time_point now) {
    machine.record(*machine.acquire(now), call_result::success, took, now);
  };
  tell(1s - 1ns, {});
  tell(2s, {});
  CHECK(machine.state() == breaker_state::closed);
  machine.reset({});
  tell(1s, {});
  tell(1s, {});
  CHECK(machine.state() == breaker_state::open);
  tell(1s, time_point(60s));
  CHECK(machine.state() == breaker_state::open);
}

TEST_CASE("reset forgets, also what is on its way", "[breaker]") {
  breaker_machine machine({.failure_threshold = 2});
  const std::uint64_t old = *machine.acquire({});
  machine.record(*machine.acquire({}), call_result::failure, 0s, {});
  machine.reset({});
  machine.record(old, call_result::failure, 0s, {});
  machine.record(*machine.acquire({}), call_result::failure, 0s, {});
  CHECK(machine.state() == breaker_state::closed);
}

namespace {

/// The same promises in thirty lines: the calls of this generation, looked through again for each.
struct model {
  circuit_breaker_options options;
  breaker_state state = breaker_state::closed;
  time_point since{};
  std::uint64_t generation = 1;
  std::vector<std::pair<bool, bool>> ended{};  // failed, slow
  unsigned in_flight = 0;

  void go(breaker_state next, time_point now) { *this = {options, next, now, generation + 1, {}, 0}; }
  std::optional<std::uint64_t> acquire(time_point now) {
    if (state == breaker_state::open && now - since >= options.open_for) go(breaker_state::half_open, now);
    if (state == breaker_state::half_open && now - since >= options.max_half_open) go(breaker_state::open, now);
    if (state == breaker_state::closed) return generation;
    if (state == breaker_state::open || in_flight + ended.size() >= options.half_open_probes) return std::nullopt;
    ++in_flight;
    return generation;
  }
  void record(std::uint64_t call, call_result result, duration took, time_point now) {
    if (call != generation) return;
    if (state == breaker_state::half_open) --in_flight;
    if (result == call_result::dropped) return;
    const bool slow = took >= options.slow_call, failed = result == call_result::failure;
    ended.emplace_back(failed, slow);
    if (state == breaker_state::half_open) {
      if (failed || slow) return go(breaker_state::open, now);
      return ended.size() == options.half_open_probes ? go(breaker_state::closed, now) : void();
    }
    unsigned row = 0, failures = 0, slows = 0, calls = 0;
    while (row < ended.size() && ended[ended.size() - 1 - row].first) ++row;
    for (auto one = ended.rbegin(); one != ended.rend() && calls < options.window_calls; ++one, ++calls) {
      failures += one->first ? 1 : 0;
      slows += one->second ? 1 : 0;
    }
    const bool many = calls >= options.minimum_calls;
    if (row >= options.failure_threshold ||
        (many && (failures >= options.failure_rate * calls || slows >= options.slow_rate * calls)))
      go(breaker_state::open, now);
  }
};

}  // namespace

TEST_CASE("in long random lives it does what the model does", "[breaker]") {
  std::mt19937 source(7);
  const auto numbers = [&] { return static_cast<unsigned>(source()); };
  std::size_t openings = 0;
  for (int life = 0; life < 300; ++life) {
    const unsigned window = 1 + numbers() % 12;
    const circuit_breaker_options options{.failure_threshold = 1 + numbers() % 5,
                                          .failure_rate = 0.1 + numbers() % 9 / 10.0,
                                          .window_calls = window,
                                          .minimum_calls = numbers() % (window + 1),
                                          .slow_call = 100ms,
                                          .slow_rate = 0.2 + numbers() % 8 / 10.0,
                                          .open_for = 1s,
                                          .half_open_probes = 1 + numbers() % 3,
                                          .max_half_open = 2s};
    breaker_machine machine(options);
    model same{options};
    std::vector<std::uint64_t> calls;
    time_point now(1s);
    for (int n = 0; n < 400; ++n) {
      now += duration(numbers() % 400'000'000);
      if (numbers() % 2 == 0) {
        const auto leave = machine.acquire(now);
        REQUIRE(leave == same.acquire(now));
        if (leave) calls.push_back(*leave);
      } else if (!calls.empty()) {
        std::swap(calls[numbers() % calls.size()], calls.back());
        const auto result = numbers() % 3 == 0 ? static_cast<call_result>(numbers() % 3) : call_result::success;
        const duration took(numbers() % 110'000'000);
        machine.record(calls.back(), result, took, now);
        same.record(calls.back(), result, took, now);
        calls.pop_back();
      }
      REQUIRE(machine.state() == same.state);
      REQUIRE(machine.generation() == same.generation);
    }
    openings += machine.generation();
  }
  CHECK(openings > 3000);  // or nothing was tried
}
