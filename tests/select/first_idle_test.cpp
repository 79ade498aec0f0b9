#include <workpool/select/first_idle.hpp>

#include "support/catch.hpp"

#include <array>
#include <optional>
#include <type_traits>
#include <utility>

using workpool::worker_view;
using workpool::select::first_idle;

TEST_CASE("first_idle prefers nobody, however many are shown and whatever they do") {
  first_idle strategy;
  std::array<worker_view, 3> workers{};
  workers[1].state = workpool::worker_state::idle;
  workers[2].state = workpool::worker_state::busy;
  CHECK(strategy.select({}, {}) == std::nullopt);
  CHECK(strategy.select(workers, {}) == std::nullopt);
  CHECK(strategy.select(workers, {1, workpool::priority::critical, 42}) == std::nullopt);
}

TEST_CASE("first_idle costs no memory and cannot throw") {
  STATIC_REQUIRE(workpool::selection_strategy<first_idle>);
  STATIC_REQUIRE(std::is_empty_v<first_idle>);
  STATIC_REQUIRE(noexcept(std::declval<first_idle&>().select({}, {})));
}
