#include <workpool/pool/retry_plan.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>

#include "support/catch.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {
constexpr wp::duration forever = wp::duration::max();
}

TEST_CASE("a plan has the attempts and the pauses of its options", "[retry]") {
  wp::detail::retry_plan plan({.max_attempts = 3, .backoff = {.initial = 5ms, .factor = 2}});
  CHECK(plan.may_follow(1));
  CHECK(plan.may_follow(2));
  CHECK_FALSE(plan.may_follow(3));
  const auto error = std::make_exception_ptr(std::runtime_error("no"));
  plan.begin();
  CHECK(plan.next(wp::outcome::failed, error, forever) == wp::duration(5ms));
  plan.begin();
  CHECK(plan.next(wp::outcome::timed_out, nullptr, forever) == wp::duration(10ms));
  plan.begin();
  CHECK_FALSE(plan.next(wp::outcome::failed, error, forever));
}

TEST_CASE("what the predicate of a plan throws goes to who asks", "[retry]") {
  wp::detail::retry_plan plan({.max_attempts = 3, .when = [](std::exception_ptr) -> bool { throw 1; }});
  plan.begin();
  CHECK_THROWS_AS(plan.next(wp::outcome::failed, std::make_exception_ptr(2), forever), int);
}
