#include <workpool/testing/fate.hpp>

#include "support/catch.hpp"

#include <chrono>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::fate;

TEST_CASE("equal seeds draw alike, neighbouring ones do not", "[fate]") {
  fate one(7), same(7), other(8);
  int equal = 0;
  for (int n = 0; n < 100; ++n) {
    const auto drawn = one.below(1000);
    CHECK(drawn == same.below(1000));
    equal += drawn == other.below(1000) ? 1 : 0;
  }
  CHECK(equal < 10);
}

TEST_CASE("a chance of 0 never comes and one of 1 always, and shares are what they say", "[fate]") {
  fate draw(1);
  int never = 0, always = 0, quarter = 0;
  for (int n = 0; n < 10000; ++n) {
    never += draw.chance(0) ? 1 : 0;
    always += draw.chance(1) ? 1 : 0;
    quarter += draw.chance(0.25) ? 1 : 0;
  }
  CHECK(never == 0);
  CHECK(always == 10000);
  CHECK(quarter > 2300);
  CHECK(quarter < 2700);
}

TEST_CASE("in an outage nine of ten fail, and what fails more often still does", "[fate]") {
  fate draw(1);
  draw.set_outage(true);
  int failed = 0, hopeless = 0;
  for (int n = 0; n < 1000; ++n) {
    failed += draw.fails(0) ? 1 : 0;
    hopeless += draw.fails(1) ? 1 : 0;
  }
  CHECK(failed > 850);
  CHECK(failed < 950);
  CHECK(hopeless == 1000);
  draw.set_outage(false);
  CHECK_FALSE(draw.fails(0));
}

TEST_CASE("in the calm nothing goes wrong, not even in an outage", "[fate]") {
  fate draw(1);
  draw.set_outage(true);
  draw.calm_down();
  CHECK_FALSE(draw.chance(1));
  CHECK_FALSE(draw.fails(1));
}

TEST_CASE("times are above 0 and at most twice their mean, which they have", "[fate]") {
  fate draw(1);
  wp::duration sum{};
  for (int n = 0; n < 10000; ++n) {
    const wp::duration one = draw.around(1s);
    REQUIRE(one > 0s);
    REQUIRE(one <= 2s + 1ns);
    sum += one;
  }
  CHECK(sum / 10000 > 950ms);
  CHECK(sum / 10000 < 1050ms);
}
