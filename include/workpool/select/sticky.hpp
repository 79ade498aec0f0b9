#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <workpool/detail/mix64.hpp>
#include <workpool/select/best_of.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// The same worker for the same task_options::key, as long as that one takes tasks; nobody in particular for key 0. A
/// pool does not correct that: who is idle does not take such tasks from who is busy. It is no lock: a worker that
/// comes, goes, or waits in the middle of a task changes who has which keys, and what it has begun goes on meanwhile.
/// When one of n workers goes only its own keys move, to all others alike; when one comes about 1/n of the keys move,
/// to it. Threads: any, it has no state. Source: rendezvous hashing (D. Thaler, C. Ravishankar, "Using Name-Based
/// Mappings to Increase Hit Rates", 1998).
struct sticky {
  static constexpr bool pins_keys = true;

  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view& task) noexcept {
    if (task.key == 0) return std::nullopt;
    const auto claim = [key = task.key](const worker_view& one) {
      return detail::mix64(key ^ detail::mix64(std::uint64_t{one.id} + 1));
    };
    return detail::best_of(workers, [&](const worker_view& a, const worker_view& b) { return claim(a) > claim(b); });
  }
};

static_assert(pinning_strategy<sticky>);

}}}  // namespace workpool::v0::select
