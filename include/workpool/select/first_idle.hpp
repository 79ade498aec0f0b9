#pragma once
#include <optional>
#include <span>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// No preference: whichever worker is free first takes the task. The default, and free of cost: a pool with this
/// strategy never asks it.
struct first_idle {
  std::optional<std::size_t> select(std::span<const worker_view>, const task_view&) noexcept { return std::nullopt; }
};

static_assert(selection_strategy<first_idle>);

}}}  // namespace workpool::v0::select
