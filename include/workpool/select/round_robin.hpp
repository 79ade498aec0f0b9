#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <workpool/select/best_of.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// One worker after the other, by number. One that does not take tasks just now is passed over, and is in its turn
/// again when it does. Threads: one at a time.
class round_robin {
 public:
  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view&) noexcept {
    // How far ahead a worker is, once around; unsigned, so that those before the last one come after all others.
    const auto ahead = [this](const worker_view& one) { return one.id - last_ - 1; };
    const auto next =
        detail::best_of(workers, [&](const worker_view& a, const worker_view& b) { return ahead(a) < ahead(b); });
    if (next) last_ = workers[*next].id;
    return next;
  }

 private:
  worker_id last_ = ~worker_id{0};  // before the first one
};

static_assert(selection_strategy<round_robin>);

}}}  // namespace workpool::v0::select
