#include <workpool/core/clock_ref.hpp>

#include <chrono>
#include <workpool/core/manual_clock.hpp>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::detail::clock_ref;

TEST_CASE("of itself it is the steady clock", "[clock]") {
  const clock_ref clock;
  const auto before = workpool::steady::now();
  const auto seen = clock.now();
  CHECK(before <= seen);
  CHECK(seen <= workpool::steady::now());
}

TEST_CASE("with a clock it is that one, and so is a copy", "[clock]") {
  workpool::manual_clock turned(workpool::time_point(5s));
  const clock_ref clock(turned);
  const clock_ref copy = clock;
  turned.advance(2s);
  CHECK(clock.now() == workpool::time_point(7s));
  CHECK(copy.now() == workpool::time_point(7s));
}
