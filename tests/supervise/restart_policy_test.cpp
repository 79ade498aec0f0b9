#include <workpool/supervise/restart_policy.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::death;
using workpool::restart_decision;
using workpool::time_point;

namespace {

struct always {
  restart_decision decide(const death&, time_point) { return {restart_decision::action::restart, 1s}; }
  void reset() {}
};
struct forgets_nothing {
  restart_decision decide(const death&, time_point) { return {}; }
};
struct answers_something_else {
  bool decide(const death&, time_point) { return true; }
  void reset() {}
};

}  // namespace

TEST_CASE("a policy is what decides about a death and can be reset", "[restart]") {
  STATIC_REQUIRE(workpool::restart_policy<always>);
  STATIC_REQUIRE_FALSE(workpool::restart_policy<forgets_nothing>);
  STATIC_REQUIRE_FALSE(workpool::restart_policy<answers_something_else>);
}

TEST_CASE("without a word a death has not failed, and nothing is done about it", "[restart]") {
  CHECK_FALSE(death{}.failed);
  CHECK(restart_decision{} == restart_decision{restart_decision::action::leave, 0s});
}
