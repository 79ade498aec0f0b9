#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Gives: the index of the worker that no other comes `before(one, other)`, of those that take tasks; of several the
/// first one shown. `before` is a strict weak order.
template <class Before>
constexpr std::optional<std::size_t> best_of(std::span<const worker_view> workers, Before before) noexcept {
  std::optional<std::size_t> best;
  for (std::size_t n = 0; n < workers.size(); ++n) {
    if (takes_tasks(workers[n]) && (!best || before(workers[n], workers[*best]))) best = n;
  }
  return best;
}

}}}  // namespace workpool::v0::detail
