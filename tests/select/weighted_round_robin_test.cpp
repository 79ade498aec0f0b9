#include <workpool/select/weighted_round_robin.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <random>
#include <string>
#include <vector>

using namespace workpool_test;
using workpool::select::weighted_round_robin;

namespace {

using weights = std::vector<unsigned>;

/// Weights of one to nine workers, some 0, not all.
std::vector<weights> many_weights() {
  std::mt19937 source(50);
  const auto numbers = [&] { return static_cast<unsigned>(source()); };
  std::vector<weights> all{{1}, {0, 1}, {1, 0}, {7, 7, 7}, {1, 1000}, {5, 1, 1}};
  while (all.size() < 80) {
    weights one(1 + numbers() % 9);
    for (unsigned& weight : one) weight = numbers() % 12;
    if (std::any_of(one.begin(), one.end(), [](unsigned weight) { return weight != 0; })) all.push_back(one);
  }
  return all;
}

/// The reference: of all workers the one that is furthest behind its share, counted from the standings themselves.
std::vector<int> reference(const weights& table, std::size_t count) {
  const long sum = std::accumulate(table.begin(), table.end(), 0L);
  std::vector<long> given(table.size());
  std::vector<int> picked;
  for (std::size_t n = 1; n <= count; ++n) {
    std::size_t best = table.size();
    for (std::size_t one = 0; one < table.size(); ++one) {
      if (table[one] == 0) continue;
      const auto behind = [&](std::size_t who) { return static_cast<long>(n) * table[who] - given[who] * sum; };
      if (best == table.size() || behind(one) > behind(best)) best = one;
    }
    ++given[best];
    picked.push_back(static_cast<int>(best));
  }
  return picked;
}

}  // namespace

TEST_CASE("smooth: 5, 1, 1 is spread as a a b a c a a") {
  weighted_round_robin strategy({5, 1, 1});
  CHECK(picks(strategy, idle_workers(3), 7) == std::vector{0, 0, 1, 0, 2, 0, 0});
}

TEST_CASE("exact: of every sum of weights picks, from the first on, each worker has its weight") {
  for (const weights& table : many_weights()) {
    weighted_round_robin strategy(table);
    const std::size_t sum = std::accumulate(table.begin(), table.end(), std::size_t{0});
    for (int round = 0; round < 3; ++round) {
      const auto counts = tally(picks(strategy, idle_workers(table.size()), sum), table.size());
      CHECK(std::equal(counts.begin(), counts.end(), table.begin()));
    }
  }
}

TEST_CASE("each pick goes to the worker furthest behind its share, as in the reference") {
  for (const weights& table : many_weights()) {
    weighted_round_robin strategy(table);
    CHECK(picks(strategy, idle_workers(table.size()), 500) == reference(table, 500));
  }
}

TEST_CASE("without a table the weights are those that are shown, and without those it is a round robin") {
  weighted_round_robin strategy;
  auto shown = idle_workers(3);
  CHECK(picks(strategy, shown, 4) == std::vector{0, 1, 2, 0});
  weighted_round_robin by_pool;
  shown[2].weight = 4;
  CHECK(tally(picks(by_pool, shown, 60), 3) == std::vector<std::size_t>{10, 10, 40});
}

TEST_CASE("workers beyond the table weigh 1, and a table may be longer") {
  weighted_round_robin shorter({3});
  CHECK(tally(picks(shorter, idle_workers(3), 50), 3) == std::vector<std::size_t>{30, 10, 10});
  weighted_round_robin longer({1, 2, 100});
  CHECK(tally(picks(longer, idle_workers(2), 30), 2) == std::vector<std::size_t>{10, 20});
}

TEST_CASE("weight 0 is never picked, and where nothing else is shown nobody is") {
  weighted_round_robin strategy({0, 1});
  auto shown = idle_workers(2);
  CHECK(picks(strategy, shown, 3) == std::vector{1, 1, 1});
  shown.pop_back();
  CHECK(picks(strategy, shown, 2) == std::vector{-1, -1});
}

TEST_CASE("new weights hold from the next pick, and from the beginning") {
  weighted_round_robin strategy({1, 9});
  const auto shown = idle_workers(2);
  picks(strategy, shown, 3);
  strategy.set_weights({2, 1});
  CHECK(picks(strategy, shown, 6) == std::vector{0, 1, 0, 0, 1, 0});
}

TEST_CASE("a worker that was away gets no more than its share afterwards") {
  weighted_round_robin strategy;
  auto shown = idle_workers(3);
  picks(strategy, shown, 30);
  shown[1].state = workpool::worker_state::starting;
  CHECK(tally(picks(strategy, shown, 100), 3) == std::vector<std::size_t>{50, 0, 50});
  shown[1].state = workpool::worker_state::idle;
  CHECK(tally(picks(strategy, shown, 30), 3) == std::vector<std::size_t>{10, 10, 10});
}

TEST_CASE("weights that leave nobody are refused by name, and nothing has changed") {
  const auto refused = [](auto make, const std::string& why) {
    try {
      make();
      FAIL("accepted");
    } catch (const workpool::bad_config& error) {
      CHECK(error.field() == "weights");
      CHECK_THAT(error.what(), Catch::Matchers::ContainsSubstring(why));
    }
  };
  refused([] { weighted_round_robin nobody(weights{}); }, "empty");
  refused([] { weighted_round_robin nobody(weights{0, 0}); }, "all 0");
  weighted_round_robin strategy({1, 3});
  refused([&] { strategy.set_weights({0}); }, "all 0");
  CHECK(tally(picks(strategy, idle_workers(2), 8), 2) == std::vector<std::size_t>{2, 6});
}
