#include <workpool/resilience/backoff.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "support/catch.hpp"
#include "support/refusals.hpp"

#if __has_include(<rapidcheck.h>)
#include <rapidcheck.h>
#define WORKPOOL_PROPERTIES 1
#endif

using namespace std::chrono_literals;
using workpool::backoff;
using workpool::backoff_options;
using workpool::duration;

namespace {

std::vector<duration> delays(backoff& some, int count) {
  std::vector<duration> seen;
  for (; count > 0; --count) seen.push_back(some.next());
  return seen;
}

}  // namespace

TEST_CASE("each delay is so many times the one before, up to the longest", "[backoff]") {
  backoff some({.initial = 100ms, .factor = 2, .max = 1s});
  CHECK(delays(some, 6) == std::vector<duration>{100ms, 200ms, 400ms, 800ms, 1s, 1s});
  some.reset();
  CHECK(some.next() == 100ms);
}

TEST_CASE("factor 1 is a constant delay, initial 0 none", "[backoff]") {
  backoff constant({.initial = 50ms, .factor = 1});
  CHECK(delays(constant, 3) == std::vector<duration>{50ms, 50ms, 50ms});
  backoff none({.initial = 0ms});
  CHECK(delays(none, 3) == std::vector<duration>{0ms, 0ms, 0ms});
}

TEST_CASE("without a longest delay they grow to the last duration there is, and stay there", "[backoff]") {
  backoff some({.initial = 1h, .factor = 1000, .max = 0ms});
  duration before{};
  for (int n = 0; n < 2000; ++n) {
    const duration next = some.next();
    REQUIRE(next >= before);
    before = next;
  }
  CHECK(before == duration::max());
  backoff jittery({.initial = duration::max(), .factor = 1e300, .max = 0ms, .jitter = 1}, 7);
  for (int n = 0; n < 2000; ++n) REQUIRE(jittery.next() >= duration::zero());
}

TEST_CASE("jitter spreads the delays evenly around what they would be, and never beyond the longest", "[backoff]") {
  backoff some({.initial = 100ms, .factor = 1, .max = 120ms, .jitter = 0.5}, 3);
  duration least = duration::max(), most{};
  int capped = 0;
  for (int n = 0; n < 10'000; ++n) {
    const duration next = some.next();
    least = std::min(least, next);
    most = std::max(most, next);
    capped += next == 120ms ? 1 : 0;
  }
  CHECK(least >= 50ms);
  CHECK(least < 51ms);
  CHECK(most == 120ms);
  CHECK(capped > 2700);  // 0.3 of them
  CHECK(capped < 3300);
}

TEST_CASE("equal seeds give equal delays, and 0 takes a fresh one", "[backoff]") {
  const auto some = [](std::uint64_t seed) {
    backoff made({.jitter = 0.5}, seed);
    return delays(made, 20);
  };
  CHECK(some(9) == some(9));
  CHECK(some(9) != some(10));
  CHECK(some(0) != some(0));
}

TEST_CASE("options that cannot be meant are refused by name", "[backoff]") {
  const auto with = [](backoff_options options) { return [options] { backoff refused(options); }; };
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  workpool_test::check_refused(with({.initial = -1ns}), "backoff.initial", "-1 ns");
  for (const double factor : {0.99, 0.0, -1.0, nan, inf}) {
    workpool_test::check_refused(with({.factor = factor}), "backoff.factor", "1 (always the same delay) or more");
  }
  workpool_test::check_refused(with({.max = -1s}), "backoff.max");
  workpool_test::check_refused(with({.initial = 2s, .max = 1s}), "backoff.max", "2 s");
  for (const double jitter : {-0.1, 1.1, nan}) {
    workpool_test::check_refused(with({.jitter = jitter}), "backoff.jitter", "from 0 (none) to 1");
  }
}

#ifdef WORKPOOL_PROPERTIES
TEST_CASE("whatever the options, delays without jitter never shrink, and none is beyond its bounds", "[backoff]") {
  CHECK(rc::check([] {
    backoff_options options;
    options.initial = duration(*rc::gen::inRange<std::int64_t>(0, 1'000'000'000'000));
    options.factor = 1.0 + *rc::gen::inRange(0, 1000) / 100.0;
    options.max = duration(*rc::gen::inRange<std::int64_t>(0, 3)) * 1'000'000'000'000;
    options.jitter = *rc::gen::element(0.0, 0.3, 1.0);
    const duration longest = options.max == duration::zero() ? duration::max() : options.max;
    backoff some(options, 1);
    duration before{};
    for (int n = 0; n < 100; ++n) {
      const duration next = some.next();
      RC_ASSERT(next >= duration::zero() && next <= longest);
      if (options.jitter == 0.0) RC_ASSERT(next >= before);
      before = next;
    }
    if (options.jitter == 0.0 && options.initial > duration::zero() && options.factor > 1.5)
      RC_ASSERT(before == longest);
  }));
}
#endif
