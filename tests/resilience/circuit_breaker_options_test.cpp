#include <workpool/resilience/circuit_breaker_options.hpp>

#include <chrono>
#include <limits>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::circuit_breaker_options;
using workpool_test::check_refused;

namespace {
auto with(circuit_breaker_options options) {
  return [options] { workpool::checked(options); };
}
}  // namespace

TEST_CASE("the defaults can be meant, and so can each criterion alone", "[breaker]") {
  CHECK_NOTHROW(with({})());
  CHECK_NOTHROW(with({.failure_threshold = 0, .failure_rate = 1.0})());
  CHECK_NOTHROW(with({.failure_threshold = 0, .slow_call = 1s, .slow_rate = 0.5})());
  CHECK_NOTHROW(with({.failure_rate = 0.5, .window_time = 1s, .minimum_calls = 1000})());
  CHECK_NOTHROW(with({.window_calls = 0, .minimum_calls = 5})());  // no rate is on
}

TEST_CASE("options that contradict each other, or themselves, are refused by name", "[breaker]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  check_refused(with({.failure_threshold = 0}), "failure_threshold", "nothing would ever open");
  for (const double rate : {-0.1, 1.1, nan}) {
    check_refused(with({.failure_rate = rate}), "failure_rate", "0 (off) to 1");
    check_refused(with({.slow_call = 1s, .slow_rate = rate}), "slow_rate", "0 (off) to 1");
  }
  check_refused(with({.failure_rate = 0.5, .window_calls = 0}), "window_calls", "1 to 1000000");
  check_refused(with({.failure_rate = 0.5, .window_calls = 1'000'001}), "window_calls");
  check_refused(with({.failure_rate = 0.5, .window_calls = 9}), "minimum_calls", "only 9 calls");
  check_refused(with({.window_time = -1ns}), "window_time");
  check_refused(with({.slow_call = -1ns}), "slow_call");
  check_refused(with({.slow_rate = 0.5}), "slow_call", "how long a call may take");
  check_refused(with({.open_for = -1ns}), "open_for");
  check_refused(with({.half_open_probes = 0}), "half_open_probes");
  check_refused(with({.max_half_open = -1ns}), "max_half_open");
}
