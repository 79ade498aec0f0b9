#include <workpool/resilience/retry_budget.hpp>

#include <atomic>
#include <chrono>
#include <limits>
#include <thread>
#include <vector>
#include <workpool/core/manual_clock.hpp>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::manual_clock;
using workpool::retry_budget;
using workpool_test::check_refused;

namespace {

int withdrawn(retry_budget& budget) {
  int count = 0;
  while (budget.try_withdraw()) ++count;
  return count;
}

}  // namespace

TEST_CASE("a budget begins with its burst", "[retry]") {
  manual_clock clock;
  retry_budget budget({.ratio = 0.2, .per_second = 0, .burst = 3}, clock);
  CHECK(withdrawn(budget) == 3);
  clock.advance(24h);
  CHECK(withdrawn(budget) == 0);  // without calls and without a rate nothing comes
}

TEST_CASE("every call pays for its share of a retry, however many shares make one", "[retry]") {
  for (const int calls_per_retry : {1, 2, 3, 5, 7, 10, 100}) {
    CAPTURE(calls_per_retry);
    manual_clock clock;
    retry_budget budget({.ratio = 1.0 / calls_per_retry, .per_second = 0, .burst = 1000}, clock);
    REQUIRE(withdrawn(budget) == 1000);
    for (int call = 1; call < calls_per_retry; ++call) budget.deposit();
    CHECK(withdrawn(budget) == 0);
    budget.deposit();
    CHECK(withdrawn(budget) == 1);
    for (int call = 0; call < 30 * calls_per_retry; ++call) budget.deposit();
    CHECK(withdrawn(budget) == 30);
  }
}

TEST_CASE("what is saved up is at most the burst, from calls as from time", "[retry]") {
  manual_clock clock;
  retry_budget budget({.ratio = 1, .per_second = 5, .burst = 4}, clock);
  for (int call = 0; call < 100; ++call) budget.deposit();
  clock.advance(1h);
  CHECK(withdrawn(budget) == 4);
  clock.advance(200ms - 1ns);
  CHECK_FALSE(budget.try_withdraw());
  clock.advance(2ns);
  CHECK(budget.try_withdraw());
  CHECK_FALSE(budget.try_withdraw());
}

TEST_CASE("threads together withdraw what was deposited and not more", "[retry]") {
  manual_clock clock;
  retry_budget budget({.ratio = 0.5, .per_second = 0, .burst = 100'000}, clock);
  REQUIRE(withdrawn(budget) == 100'000);
  constexpr int threads = 4, calls = 5000;
  std::atomic<int> retries{0};
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < threads; ++t) {
      all.emplace_back([&] {
        for (int n = 0; n < calls; ++n) {
          budget.deposit();
          if (budget.try_withdraw()) ++retries;
        }
      });
    }
  }
  CHECK(retries + withdrawn(budget) == threads * calls / 2);
}

TEST_CASE("a budget that would never pay, or is none, is refused by name", "[retry]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  for (const double bad : {-0.1, nan, inf}) {
    check_refused([&] { retry_budget({.ratio = bad}); }, "ratio", "0 or more, and finite");
    check_refused([&] { retry_budget({.per_second = bad}); }, "per_second", "0 or more, and finite");
  }
  check_refused([] { retry_budget({.ratio = 0, .per_second = 0}); }, "ratio", "give one of them");
  check_refused([] { retry_budget({.burst = 0}); }, "burst", "at least 1");
}
