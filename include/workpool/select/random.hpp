#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <workpool/detail/random_source.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/select/takers.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// Any worker, each as likely as the others. Equal seeds make equal choices; seed 0 takes a fresh one.
/// Threads: one at a time.
class random {
 public:
  explicit random(std::uint64_t seed = 0) : source_(seed) {}

  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view&) noexcept {
    const std::size_t takers = detail::count_takers(workers);
    if (takers == 0) return std::nullopt;
    return detail::taker_after(workers, source_.below(takers));
  }

 private:
  detail::random_source source_;
};

static_assert(selection_strategy<random>);

}}}  // namespace workpool::v0::select
