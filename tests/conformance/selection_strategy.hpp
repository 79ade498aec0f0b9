#pragma once

#include <workpool/select/selection_strategy.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <vector>

/// What every selection strategy promises, whichever it is. A file that includes this defines `selection_models`
/// before: a std::tuple of types with a static `make()`, and `heeds`: whether it picks only what
/// takes tasks, as those of the library do. Assertions are made on the main thread only.
namespace workpool_test {

inline std::vector<workpool::worker_view> workers_of_all_kinds(std::mt19937& numbers) {
  std::vector<workpool::worker_view> shown = idle_workers(numbers() % 9);
  for (workpool::worker_view& one : shown) {
    one.state = static_cast<workpool::worker_state>(numbers() % workpool::worker_state_count);
    one.weight = numbers() % 4;
    one.in_flight = numbers() % 5;
    one.completed = numbers() % 100;
    one.idle_since = workpool::time_point(workpool::duration(numbers() % 1000));
  }
  return shown;
}

}  // namespace workpool_test

TEMPLATE_LIST_TEST_CASE("where no workers are shown, none is picked", "[select]", selection_models) {
  auto strategy = TestType::make();
  CHECK(strategy.select({}, {1, workpool::priority::normal, 7}) == std::nullopt);
}

TEMPLATE_LIST_TEST_CASE("whatever is shown, in whatever order, a pick is one of it", "[select]", selection_models) {
  auto strategy = TestType::make();
  std::mt19937 numbers(20);
  for (std::uint64_t n = 1; n <= 2000; ++n) {
    std::vector<workpool::worker_view> shown = workpool_test::workers_of_all_kinds(numbers);
    std::shuffle(shown.begin(), shown.end(), numbers);
    const auto picked = strategy.select(shown, {n, workpool::priority::normal, numbers() % 3});
    if (!picked) continue;
    REQUIRE(*picked < shown.size());
    if (TestType::heeds) REQUIRE(workpool::takes_tasks(shown[*picked]));
  }
}

TEMPLATE_LIST_TEST_CASE("a worker that is never ready is never picked", "[select]", selection_models) {
  if (!TestType::heeds) return;
  auto strategy = TestType::make();
  auto shown = workpool_test::idle_workers(3);
  shown[1].state = workpool::worker_state::starting;
  for (std::uint64_t n = 1; n <= 100; ++n) {
    const auto picked = strategy.select(shown, {n, workpool::priority::normal, n});
    if (picked) CHECK(*picked != 1);
  }
  for (workpool::worker_view& one : shown) one.weight = 0;
  CHECK(strategy.select(shown, {101, workpool::priority::normal, 101}) == std::nullopt);
}

TEMPLATE_LIST_TEST_CASE("a strategy bears that workers come and go between two picks", "[select]", selection_models) {
  auto strategy = TestType::make();
  for (std::uint64_t n = 1; n <= 200; ++n) {
    auto shown = workpool_test::idle_workers(n * 7 % 11);
    if (!shown.empty()) shown.front().id += static_cast<workpool::worker_id>(n);
    const auto picked = strategy.select(shown, {n, workpool::priority::normal, n});
    if (picked) REQUIRE(*picked < shown.size());
  }
}
