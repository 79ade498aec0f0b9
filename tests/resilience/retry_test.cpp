#include <workpool/resilience/retry.hpp>

#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"
#include "support/refusals.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::check_refused;
using wp::outcome;

namespace {

std::exception_ptr some_error() { return std::make_exception_ptr(std::runtime_error("no")); }

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}

}  // namespace

TEST_CASE("there are as many attempts as asked for, and the delays of the backoff between them", "[retry]") {
  wp::retry tries({.max_attempts = 4, .backoff = {.initial = 10ms, .factor = 3, .max = 50ms}});
  CHECK(tries.attempt() == 0);
  std::vector<wp::duration> pauses;
  for (;;) {
    tries.begin();
    const auto pause = tries.next(outcome::failed, some_error());
    if (!pause) break;
    pauses.push_back(*pause);
  }
  CHECK(pauses == std::vector<wp::duration>{10ms, 30ms, 50ms});
  CHECK(tries.attempt() == 4);
  CHECK_FALSE(tries.next(outcome::failed, some_error()));
}

TEST_CASE("only what has failed is tried again", "[retry]") {
  for (const outcome how :
       {outcome::value, outcome::cancelled, outcome::expired, outcome::discarded, outcome::pool_broken}) {
    wp::retry tries({.max_attempts = 9});
    tries.begin();
    CHECK_FALSE(tries.next(how, nullptr));
  }
  for (const outcome how : {outcome::failed, outcome::timed_out, outcome::worker_lost}) {
    wp::retry tries({.max_attempts = 9});
    tries.begin();
    CHECK(tries.next(how, nullptr));
  }
  wp::retry once_lost({.max_attempts = 9, .on_worker_lost = false});
  once_lost.begin();
  CHECK_FALSE(once_lost.next(outcome::worker_lost, nullptr));
  CHECK(once_lost.next(outcome::timed_out, nullptr));
}

TEST_CASE("the predicate is asked with what the attempt threw, or would have been told as", "[retry]") {
  std::vector<std::string> asked;
  wp::retry tries({.max_attempts = 9, .when = [&](std::exception_ptr error) {
                     asked.push_back(text_of(error));
                     return asked.size() < 3;
                   }});
  tries.begin();
  CHECK(tries.next(outcome::failed, some_error()));
  CHECK(tries.next(outcome::timed_out, nullptr));
  CHECK_FALSE(tries.next(outcome::worker_lost, nullptr));
  REQUIRE(asked.size() == 3);
  CHECK(asked[0] == "no");
  CHECK(asked[1].find("longer than its timeout") != std::string::npos);
  CHECK(asked[2].find("worker") != std::string::npos);
}

TEST_CASE("it is not asked where there is nothing to decide, and what it throws goes to who asks", "[retry]") {
  int asked = 0;
  wp::retry tries({.max_attempts = 2, .when = [&](std::exception_ptr) -> bool {
                     ++asked;
                     throw std::logic_error("cannot tell");
                   }});
  tries.begin();
  CHECK_FALSE(tries.next(outcome::cancelled, nullptr));
  CHECK(asked == 0);
  CHECK_THROWS_AS(tries.next(outcome::failed, some_error()), std::logic_error);
  tries.begin();
  CHECK_FALSE(tries.next(outcome::failed, some_error()));  // the last one
  CHECK(asked == 1);
}

TEST_CASE("a budget is paid in by the first attempt, and paid from by what the predicate lets through", "[retry]") {
  wp::retry_budget budget({.ratio = 0.5, .per_second = 0, .burst = 2});
  while (budget.try_withdraw()) {
  }
  bool worth_it = false;
  const wp::retry_options options{
      .max_attempts = 5, .when = [&](std::exception_ptr) { return worth_it; }, .budget = &budget};
  wp::retry first(options), second(options);
  first.begin();
  second.begin();  // 1 by now
  CHECK_FALSE(first.next(outcome::failed, some_error()));
  worth_it = true;
  CHECK(first.next(outcome::failed, some_error()));
  first.begin();  // not a first attempt
  CHECK_FALSE(second.next(outcome::failed, some_error()));
}

TEST_CASE("where there is no time for another attempt nobody is asked and nothing is paid", "[retry]") {
  wp::retry_budget budget({.ratio = 0.1, .per_second = 0, .burst = 1});
  int asked = 0;
  const wp::retry_options options{.max_attempts = 5,
                                  .backoff = {.initial = 10ms},
                                  .when = [&](std::exception_ptr) { return ++asked != 0; },
                                  .budget = &budget};
  wp::retry tries(options);
  tries.begin();
  CHECK_FALSE(tries.next(outcome::failed, some_error(), 10ms));
  CHECK(asked == 0);
  CHECK(budget.try_withdraw());
}

TEST_CASE("equal seeds give equal delays", "[retry]") {
  const wp::retry_options options{.max_attempts = 100, .backoff = {.initial = 1ms, .jitter = 0.5}};
  wp::retry one(options, 7), other(options, 7);
  for (int n = 0; n < 99; ++n) {
    one.begin();
    other.begin();
    CHECK(one.next(outcome::failed, nullptr) == other.next(outcome::failed, nullptr));
  }
}

TEST_CASE("no attempt, too many, and a backoff that cannot be, are refused by name", "[retry]") {
  check_refused([] { wp::retry({.max_attempts = 0}); }, "retry.max_attempts", "from 1 (no retry)");
  check_refused([] { wp::retry({.max_attempts = 1'000'001}); }, "retry.max_attempts", "1000001");
  check_refused([] { wp::retry({.max_attempts = 2, .backoff = {.factor = 0.5}}); }, "retry.backoff.factor");
  check_refused([] { wp::retry({.backoff = {.jitter = 2}}); }, "retry.backoff.jitter");
}
