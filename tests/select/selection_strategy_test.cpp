#include <workpool/select/selection_strategy.hpp>

#include "support/archetypes.hpp"
#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>

using workpool::selection_strategy;
using workpool::task_view;
using workpool::worker_view;

namespace {

struct no_select {};
struct answers_an_index {
  std::size_t select(std::span<const worker_view>, const task_view&) { return 0; }
};
struct changes_the_workers {
  std::optional<std::size_t> select(std::span<worker_view>, const task_view&) { return 0; }
};
struct asks_for_more {
  std::optional<std::size_t> select(std::span<const worker_view>, const task_view&, int) { return 0; }
};
struct ignores_the_task {
  std::optional<std::size_t> select(std::span<const worker_view>, auto&&) const noexcept { return 0; }
};

}  // namespace

TEST_CASE("whatever picks an index out of the workers shown, or none, is a strategy") {
  STATIC_REQUIRE(selection_strategy<workpool_test::archetype::selection>);
  STATIC_REQUIRE(selection_strategy<ignores_the_task>);
}

TEST_CASE("what cannot say none, or wants other arguments, is no strategy") {
  STATIC_REQUIRE_FALSE(selection_strategy<no_select>);
  STATIC_REQUIRE_FALSE(selection_strategy<answers_an_index>);
  STATIC_REQUIRE_FALSE(selection_strategy<changes_the_workers>);
  STATIC_REQUIRE_FALSE(selection_strategy<asks_for_more>);
  STATIC_REQUIRE_FALSE(selection_strategy<int>);
}

TEST_CASE("a strategy sees copies: it can keep what it was shown") {
  STATIC_REQUIRE(std::is_trivially_copyable_v<worker_view>);
  STATIC_REQUIRE(std::is_trivially_copyable_v<task_view>);
  CHECK(worker_view{}.weight == 1);
  workpool_test::archetype::selection last(0);
  const std::array<worker_view, 3> workers{};
  CHECK(last.select(workers, task_view{}) == 2);
  CHECK(last.select({}, task_view{}) == std::nullopt);
}
