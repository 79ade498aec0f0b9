#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <workpool/select/selection_strategy.hpp>

/// The poorest type of each concept: what compiles with these compiles with the types of strangers.
namespace workpool_test::archetype {

/// May throw, cannot be copied or moved, has no default.
class selection {
 public:
  explicit selection(int) {}
  selection(const selection&) = delete;
  selection& operator=(const selection&) = delete;

  std::optional<std::size_t> select(std::span<const workpool::worker_view> workers, const workpool::task_view&) {
    if (workers.empty()) return std::nullopt;
    return workers.size() - 1;
  }
};
static_assert(workpool::selection_strategy<selection>);

}  // namespace workpool_test::archetype
