#include <workpool/resilience/circuit_breaker.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/manual_clock.hpp>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::circuit_breaker;
using workpool::manual_clock;
using state = workpool::circuit_breaker::state;

namespace {

void fail(circuit_breaker& breaker, int times = 1) {
  for (; times > 0; --times) breaker.try_acquire()->failure();
}

[[noreturn]] void throw_it() { throw std::runtime_error("down"); }

/// Looks at a breaker each time it is asked.
struct curious_clock {
  using time_point = workpool::time_point;
  static constexpr bool is_steady = true;
  time_point now() const noexcept {
    if (breaker != nullptr) static_cast<void>(breaker->current());
    return {};
  }
  circuit_breaker* breaker = nullptr;
};

}  // namespace

TEST_CASE("a breaker refuses options that cannot be meant", "[breaker]") {
  workpool_test::check_refused([] { circuit_breaker refused({.half_open_probes = 0}); }, "half_open_probes");
}

TEST_CASE("execute passes results of every kind through", "[breaker]") {
  circuit_breaker breaker;
  int here = 7;
  CHECK(breaker.execute([] { return 3; }) == 3);
  CHECK(&breaker.execute([&]() -> int& { return here; }) == &here);
  CHECK(*breaker.execute([] { return std::make_unique<int>(4); }) == 4);
  breaker.execute([&] { ++here; });
  CHECK(here == 8);
  CHECK(breaker.stats().successes == 4);
}

TEST_CASE("what the callable throws comes out, is a failure, and opens the breaker", "[breaker]") {
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 2, .open_for = 1500ms}, clock);
  for (int n = 0; n < 2; ++n) CHECK_THROWS_WITH(breaker.execute(throw_it), "down");
  CHECK(breaker.current() == state::open);
  bool called = false;
  CHECK_THROWS_AS(breaker.execute([&] { called = true; }), workpool::circuit_open);
  CHECK_THROWS_WITH(breaker.execute([] {}), "the circuit breaker is open; it lets a call through in 1500 ms");
  CHECK_FALSE(called);
  const auto seen = breaker.stats();
  CHECK(seen.failures == 2);
  CHECK(seen.rejected == 2);
  CHECK(seen.successes == 0);
  CHECK(seen.transitions == 1);
}

TEST_CASE("a callable that was cancelled has neither failed nor succeeded", "[breaker]") {
  circuit_breaker breaker({.failure_threshold = 1});
  CHECK_THROWS_AS(breaker.execute([] { throw workpool::task_cancelled(); }), workpool::task_cancelled);
  CHECK(breaker.current() == state::closed);
  CHECK(breaker.stats().failures + breaker.stats().successes == 0);
}

TEST_CASE("a callable that catches an error of its own has succeeded, also while another one unwinds", "[breaker]") {
  circuit_breaker breaker({.failure_threshold = 1});
  struct at_unwind {
    circuit_breaker& breaker;
    ~at_unwind() {
      breaker.execute([] {
        try {
          throw_it();
        } catch (const std::runtime_error&) {
        }
      });
    }
  };
  CHECK_THROWS([&] {
    const at_unwind here{breaker};
    throw_it();
  }());
  CHECK(breaker.stats().successes == 1);
  CHECK(breaker.current() == state::closed);
}

TEST_CASE("a permit tells once, and hands itself back when it is dropped", "[breaker]") {
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 1, .open_for = 1s}, clock);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<circuit_breaker::permit>);
  {
    auto one = breaker.try_acquire();
    one->success();
    one->failure();
  }
  CHECK(breaker.current() == state::closed);
  fail(breaker);
  clock.advance(1s);
  auto probe = breaker.try_acquire();
  REQUIRE(probe);
  CHECK_FALSE(breaker.try_acquire());
  probe.reset();
  probe = breaker.try_acquire();
  REQUIRE(probe);
  circuit_breaker::permit moved = std::move(*probe);
  probe->failure();  // empty
  CHECK(breaker.current() == state::half_open);
  moved.success();
  CHECK(breaker.current() == state::closed);
}

TEST_CASE("a permit that is assigned to hands back what it had", "[breaker]") {
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 1, .open_for = 1s, .half_open_probes = 2}, clock);
  fail(breaker);
  clock.advance(1s);
  auto one = breaker.try_acquire();
  auto two = breaker.try_acquire();
  CHECK_FALSE(breaker.try_acquire());
  *one = std::move(*two);
  CHECK(breaker.try_acquire());
}

TEST_CASE("how long a call took is measured from its permit", "[breaker]") {
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 0, .minimum_calls = 1, .slow_call = 1s, .slow_rate = 1}, clock);
  auto slow = breaker.try_acquire();
  clock.advance(1s);
  slow->success();
  CHECK(breaker.current() == state::open);
}

TEST_CASE("forced open lets nobody through, forced closed everybody, until reset", "[breaker]") {
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 1}, clock);
  breaker.force_open();
  clock.advance(24h);
  CHECK_FALSE(breaker.try_acquire());
  CHECK_THROWS_WITH(breaker.execute([] {}), "the circuit breaker is held open by force_open()");
  breaker.force_closed();
  fail(breaker, 100);
  CHECK(breaker.current() == state::forced_closed);
  CHECK(breaker.stats().failures == 100);
  breaker.reset();
  CHECK(breaker.current() == state::closed);
  fail(breaker);
  CHECK(breaker.current() == state::open);
}

TEST_CASE("handlers see every transition, in order, and may use the breaker", "[breaker]") {
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 1, .open_for = 1s}, clock);
  std::vector<std::string> seen;
  auto attached = breaker.on_transition([&](state from, state to) {
    seen.push_back(std::string(to_string(from)) + " > " + std::string(to_string(to)));
    if (to == state::closed) breaker.force_open();  // and so causes the next one
  });
  breaker.on_transition([](state, state) { throw std::runtime_error("swallowed"); });
  fail(breaker);
  clock.advance(1s);
  breaker.try_acquire()->success();
  CHECK(seen ==
        std::vector<std::string>{"closed > open", "open > half open", "half open > closed", "closed > forced open"});
  attached.cancel();
  breaker.reset();
  CHECK(seen.size() == 4);
  CHECK(breaker.stats().transitions == 5);
}

TEST_CASE("forcing what is forced, and resetting what is closed, are no transitions", "[breaker]") {
  circuit_breaker breaker;
  breaker.reset();
  breaker.force_closed();
  breaker.force_closed();
  CHECK(breaker.stats().transitions == 1);
}

TEST_CASE("64 threads at the half-open transition get no more through than there are probes", "[breaker]") {
  constexpr int threads = 64, rounds = 50;
  constexpr unsigned probes = 3;
  manual_clock clock;
  circuit_breaker breaker({.failure_threshold = 1, .open_for = 1s, .half_open_probes = probes}, clock);
  std::atomic<int> in_flight{0}, most{0}, through{0}, broken{0};
  std::barrier together(threads, [&]() noexcept {});
  std::vector<std::thread> running;
  for (int n = 0; n < threads; ++n) {
    running.emplace_back([&, n] {
      for (int round = 0; round < rounds; ++round) {
        together.arrive_and_wait();
        if (n == 0) {
          breaker.reset();
          fail(breaker);
          clock.advance(1s);
        }
        together.arrive_and_wait();
        std::vector<circuit_breaker::permit> mine;
        for (int tries = 0; tries < 20 && mine.empty(); ++tries) {
          if (auto leave = breaker.try_acquire()) mine.push_back(std::move(*leave));
        }
        if (!mine.empty()) {
          const int now = ++in_flight;
          for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
          }
          ++through;
        }
        together.arrive_and_wait();  // all have tried, nobody has told
        if (n == 0 && breaker.current() != state::half_open) ++broken;
        together.arrive_and_wait();
        if (!mine.empty()) --in_flight;
        if (n % 2 == 0 && !mine.empty()) mine.front().success();
      }
    });
  }
  for (std::thread& one : running) one.join();
  CHECK(most == static_cast<int>(probes));
  CHECK(through == rounds * static_cast<int>(probes));
  CHECK(broken == 0);
}

TEST_CASE("the clock, which is the user's, is never asked under the lock", "[breaker]") {
  curious_clock clock;
  circuit_breaker breaker({.failure_threshold = 1}, clock);
  clock.breaker = &breaker;
  fail(breaker);
  CHECK_THROWS_AS(breaker.execute([] {}), workpool::circuit_open);
  breaker.force_open();
  breaker.force_closed();
  breaker.reset();
  CHECK(breaker.current() == state::closed);
}
