#pragma once

#include <workpool/supervise/restart_policy.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <random>
#include <vector>

/// What every restart policy promises, whichever it is. A file that includes this defines `restart_policies` before: a
/// std::tuple of types with a static `make()` that gives a fresh policy, each time with the same choices.
/// Assertions are made on the main thread only.
namespace workpool_test {

/// What a policy answers to `count` deaths of all kinds, some close together and some far apart.
template <class Policy>
std::vector<workpool::restart_decision> answers(Policy& policy, int count) {
  std::mt19937 numbers(9);
  std::vector<workpool::restart_decision> seen;
  workpool::time_point now{};
  for (; count > 0; --count) {
    now += workpool::duration(std::chrono::milliseconds(numbers() % 8 == 0 ? numbers() % 100'000 : numbers() % 1000));
    const workpool::death end{numbers() % 3 != 0, std::chrono::milliseconds(numbers() % 3000)};
    seen.push_back(policy.decide(end, now));
  }
  return seen;
}

}  // namespace workpool_test

TEMPLATE_LIST_TEST_CASE("a restart policy goes by what it is told alone: same deaths, same answers", "[restart]",
                        restart_policies) {
  auto one = TestType::make();
  auto same = TestType::make();
  CHECK(workpool_test::answers(one, 300) == workpool_test::answers(same, 300));
}

TEMPLATE_LIST_TEST_CASE("delays are never negative, and only restarts have one", "[restart]", restart_policies) {
  using action = workpool::restart_decision::action;
  auto policy = TestType::make();
  for (const workpool::restart_decision& one : workpool_test::answers(policy, 1000)) {
    CHECK(one.delay >= workpool::duration::zero());
    CHECK((one.what == action::restart || one.delay == workpool::duration::zero()));
  }
}

TEMPLATE_LIST_TEST_CASE("after a reset it answers like a fresh one", "[restart]", restart_policies) {
  auto used = TestType::make();
  const workpool::time_point now(std::chrono::hours(1));  // the same for all: what has been would count
  for (int n = 0; n < 50; ++n) used.decide({true, {}}, now);
  used.reset();
  auto fresh = TestType::make();
  for (int n = 0; n < 5; ++n) CHECK(used.decide({true, {}}, now) == fresh.decide({true, {}}, now));
}
