#include <workpool/core/clock.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace std::chrono_literals;
using workpool::after;
using workpool::duration;
using workpool::remaining;
using workpool::time_point;

namespace {

struct poorest_clock {
  using time_point = workpool::time_point;
  static constexpr bool is_steady = true;
  time_point now() { return {}; }
};

constexpr time_point at(duration since_start) { return time_point(since_start); }

}  // namespace

TEST_CASE("the steady clock is a monotonic clock, the wall clock is not") {
  STATIC_REQUIRE(workpool::monotonic_clock<workpool::steady>);
  STATIC_REQUIRE(workpool::monotonic_clock<poorest_clock>);
  STATIC_REQUIRE_FALSE(workpool::monotonic_clock<std::chrono::system_clock>);
  STATIC_REQUIRE_FALSE(workpool::monotonic_clock<int>);
}

TEST_CASE("a deadline that does not fit is for ever") {
  CHECK(after(at(1s), duration::max()) == time_point::max());
  CHECK(after(time_point::max(), 1ns) == time_point::max());
  CHECK(after(at(-1s), duration::max()) < time_point::max());
  CHECK(after(at(-1s), duration::min()) == time_point::min());
  CHECK(after(time_point::min(), -1ns) == time_point::min());
}

TEST_CASE("a deadline that fits is exact") {
  CHECK(after(at(5s), 2s) == at(7s));
  CHECK(after(at(5s), -2s) == at(3s));
  CHECK(after(at(5s), 0s) == at(5s));
  CHECK(after(at(0s), duration::max()) == time_point::max());
}

TEST_CASE("what remains is never negative and for ever stays for ever") {
  CHECK(remaining(at(7s), at(5s)) == 2s);
  CHECK(remaining(at(5s), at(5s)) == 0s);
  CHECK(remaining(at(4s), at(5s)) == 0s);
  CHECK(remaining(time_point::max(), at(5s)) == duration::max());
  CHECK(remaining(at(duration::max() - 1s), at(-5s)) == duration::max());
  CHECK(remaining(at(5s), at(-5s)) == 10s);
  CHECK(remaining(at(5s), time_point::min()) == duration::max());
  CHECK(remaining(at(-1s), time_point::min()) == duration::max() - 1s + 1ns);
}
