#include <workpool/select/random.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <cstddef>
#include <cstdint>

using namespace workpool_test;

TEST_CASE("random picks each worker about as often as the others") {
  workpool::select::random strategy(11);
  for (const std::size_t count : tally(picks(strategy, idle_workers(5), 10'000), 5)) {
    CHECK(count > 1800);  // five standard deviations
    CHECK(count < 2200);
  }
}

TEST_CASE("equal seeds make equal choices, others do not, and 0 takes a fresh one") {
  const auto chosen = [](std::uint64_t seed) {
    workpool::select::random strategy(seed);
    return picks(strategy, idle_workers(8), 100);
  };
  CHECK(chosen(5) == chosen(5));
  CHECK(chosen(5) != chosen(6));
  CHECK(chosen(0) != chosen(0));
}

TEST_CASE("those that do not take tasks leave the others equally likely") {
  workpool::select::random strategy(12);
  auto shown = idle_workers(4);
  shown[0].weight = shown[2].weight = 0;
  const auto counts = tally(picks(strategy, shown, 2000), 4);
  CHECK(counts[0] + counts[2] == 0);
  CHECK(counts[1] > 850);
  CHECK(counts[3] > 850);
}
