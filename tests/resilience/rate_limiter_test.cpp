#include <workpool/resilience/rate_limiter.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>
#include <vector>
#include <workpool/core/manual_clock.hpp>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::manual_clock;
using workpool::rate_limiter;

TEST_CASE("a burst goes at once, then so many a second", "[rate]") {
  manual_clock clock;
  rate_limiter limit({.per_second = 10, .burst = 3}, clock);
  for (int n = 0; n < 3; ++n) CHECK(limit.try_acquire());
  CHECK_FALSE(limit.try_acquire());
  clock.advance(100ms - 1ns);
  CHECK_FALSE(limit.try_acquire());
  clock.advance(1ns);
  CHECK(limit.try_acquire());
  CHECK_FALSE(limit.try_acquire());
}

TEST_CASE("a rest of any length saves no more than a burst", "[rate]") {
  manual_clock clock;
  rate_limiter limit({.per_second = 10, .burst = 3}, clock);
  clock.advance(24h);
  int through = 0;
  while (limit.try_acquire()) ++through;
  CHECK(through == 3);
}

TEST_CASE("several go together or not at all, more than a burst never", "[rate]") {
  manual_clock clock;
  rate_limiter limit({.per_second = 1, .burst = 4}, clock);
  CHECK_FALSE(limit.try_acquire(5));
  CHECK(limit.try_acquire(3));
  CHECK_FALSE(limit.try_acquire(2));
  CHECK(limit.try_acquire(1));
  clock.advance(4s);
  CHECK(limit.try_acquire(4));
  CHECK(limit.try_acquire(0));
}

TEST_CASE("who asks often is served as often as who asks when it is due", "[rate]") {
  for (const double rate : {3.0, 10.0, 7.7, 1e8, 3e8, 2e9}) {
    manual_clock clock;
    rate_limiter limit({.per_second = rate, .burst = 1000}, clock);
    while (limit.try_acquire()) {
    }
    std::size_t through = 0;
    constexpr int steps = 10'000;
    const auto step = workpool::duration(static_cast<std::int64_t>(20e9 / rate) + 1);
    for (int n = 0; n < steps; ++n) {
      clock.advance(step);
      while (limit.try_acquire()) ++through;
    }
    const double due = rate * static_cast<double>(step.count()) * steps / 1e9;
    CHECK(static_cast<double>(through) <= due + 1);
    CHECK(static_cast<double>(through) >= due * 0.9999 - 1);
  }
}

TEST_CASE("in no stretch of time more than burst and rate allow get through", "[rate]") {
  std::mt19937 numbers(1);
  manual_clock clock;
  rate_limiter limit({.per_second = 100, .burst = 5}, clock);
  std::vector<workpool::time_point> through;
  for (int n = 0; n < 3000; ++n) {
    clock.advance(workpool::duration(numbers() % 20'000'000));
    while (numbers() % 4 != 0 && limit.try_acquire()) through.push_back(clock.now());
  }
  REQUIRE(through.size() > 1000);
  bool held = true;
  for (std::size_t first = 0; first < through.size(); ++first) {
    for (std::size_t last = first; last < std::min(through.size(), first + 200); ++last) {
      const double seconds = std::chrono::duration<double>(through[last] - through[first]).count();
      held = held && static_cast<double>(last - first + 1) <= 5 + 100 * seconds + 1e-6;
    }
  }
  CHECK(held);
}

TEST_CASE("several threads together get no more than one would", "[rate]") {
  manual_clock clock;
  rate_limiter limit({.per_second = 1, .burst = 10'000}, clock);
  std::atomic<int> through{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) {
    threads.emplace_back([&] {
      for (int tries = 0; tries < 5000; ++tries) through += limit.try_acquire() ? 1 : 0;
    });
  }
  for (std::thread& one : threads) one.join();
  CHECK(through == 10'000);
}

TEST_CASE("without a clock of its own it goes by the steady one", "[rate]") {
  rate_limiter limit({.per_second = 1e-6, .burst = 2});
  CHECK(limit.try_acquire(2));
  CHECK_FALSE(limit.try_acquire());
}

TEST_CASE("a rate or burst that lets nothing through is refused by name", "[rate]") {
  for (const double rate :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    workpool_test::check_refused([rate] { rate_limiter refused({.per_second = rate}); }, "per_second", "positive");
  }
  workpool_test::check_refused([] { rate_limiter refused({.per_second = 1, .burst = 0}); }, "burst");
}
