#include <workpool/resilience/call_window.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::time_point;
using workpool::detail::call_counts;
using workpool::detail::call_window;

namespace {

struct call {
  bool failed, slow;
  time_point when;
};

call_counts sum(const std::vector<call>& calls, auto counts) {
  call_counts all;
  for (const call& one : calls) {
    if (counts(one)) all += {1, one.failed ? 1U : 0U, one.slow ? 1U : 0U};
  }
  return all;
}

}  // namespace

TEST_CASE("by calls it holds the last so many, whatever the time", "[breaker]") {
  std::mt19937 numbers(1);
  for (const std::size_t size : {1U, 2U, 7U, 100U}) {
    call_window window(static_cast<unsigned>(size));
    std::vector<call> calls;
    for (int n = 0; n < 500; ++n) {
      calls.push_back({numbers() % 3 == 0, numbers() % 5 == 0, {}});
      window.add(calls.back().failed, calls.back().slow, {});
      const std::vector<call> last(calls.end() - static_cast<std::ptrdiff_t>(std::min(size, calls.size())),
                                   calls.end());
      REQUIRE(window.counts({}) == sum(last, [](const call&) { return true; }));
    }
  }
}

TEST_CASE("by time it holds the slice of now and the nine before it", "[breaker]") {
  std::mt19937 numbers(2);
  call_window window(100ms);
  std::vector<call> calls;
  time_point now(5s);
  for (int n = 0; n < 3000; ++n) {
    now += workpool::duration(numbers() % 4 == 0 ? numbers() % 150'000'000 : numbers() % 3'000'000);
    calls.push_back({numbers() % 3 == 0, numbers() % 5 == 0, now});
    window.add(calls.back().failed, calls.back().slow, now);
    const auto slice = [](time_point when) { return when.time_since_epoch() / 10ms; };
    REQUIRE(window.counts(now) == sum(calls, [&](const call& one) { return slice(now) - slice(one.when) < 10; }));
  }
}

TEST_CASE("by time all of it is gone after its length, and nothing after nine tenths", "[breaker]") {
  call_window window(1s);
  const time_point start(10s);
  window.add(true, false, start);
  CHECK(window.counts(start + 900ms).calls == 1);
  CHECK(window.counts(start + 1s).calls == 0);
}

TEST_CASE("a length of a nanosecond is a window, too", "[breaker]") {
  call_window window(1ns);
  window.add(true, true, time_point(5s));
  CHECK(window.counts(time_point(5s)).calls == 1);
  CHECK(window.counts(time_point(6s)).calls == 0);
}

TEST_CASE("a clock that steps back loses nothing, and cleared is empty", "[breaker]") {
  call_window window(1s);
  window.add(true, false, time_point(10s));
  window.add(false, true, time_point(9s));
  CHECK(window.counts(time_point(8s)) == call_counts{2, 1, 1});
  window.clear();
  CHECK(window.counts(time_point(10s)) == call_counts{});
  call_window last(3);
  last.add(true, true, {});
  last.clear();
  CHECK(last.counts({}) == call_counts{});
}
