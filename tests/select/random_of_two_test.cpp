#include <workpool/select/random_of_two.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

using namespace workpool_test;

TEST_CASE("of two workers the less busy one is always picked, of one that one") {
  workpool::select::random_of_two strategy(3);
  auto shown = idle_workers(2);
  shown[0].in_flight = 1;
  CHECK(picks(strategy, shown, 5) == std::vector{1, 1, 1, 1, 1});
  shown[1].weight = 0;
  CHECK(picks(strategy, shown, 2) == std::vector{0, 0});
}

TEST_CASE("the busiest of all is never picked, since it is always compared with another") {
  workpool::select::random_of_two strategy(4);
  auto shown = idle_workers(6);
  for (std::size_t n = 0; n < 6; ++n) shown[n].in_flight = n;
  const auto counts = tally(picks(strategy, shown, 6000), 6);
  CHECK(counts[5] == 0);
  CHECK(std::is_sorted(counts.rbegin(), counts.rend()));
}

TEST_CASE("what is in flight stays far more even than by chance alone") {
  workpool::select::random_of_two strategy(5);
  auto shown = idle_workers(10);
  for (int n = 0; n < 10'000; ++n) {
    ++shown[*strategy.select(shown, {1, workpool::priority::normal, 0})].in_flight;
  }
  const auto [fewest, most] = std::minmax_element(
      shown.begin(), shown.end(), [](const auto& a, const auto& b) { return a.in_flight < b.in_flight; });
  CHECK(most->in_flight - fewest->in_flight <= 6);  // by chance about a hundred
}
