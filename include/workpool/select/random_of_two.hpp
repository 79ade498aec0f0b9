#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <workpool/detail/random_source.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/select/takers.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// Two workers at random, and of these the less busy one: nearly as even as the least busy of all, with a look at two.
/// Equal seeds make equal choices; seed 0 takes a fresh one. Threads: one at a time.
/// Source: M. Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing" (1996).
class random_of_two {
 public:
  explicit random_of_two(std::uint64_t seed = 0) : source_(seed) {}

  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view&) noexcept {
    const std::size_t takers = detail::count_takers(workers);
    if (takers == 0) return std::nullopt;
    const std::uint64_t one = source_.below(takers);
    const std::size_t first = detail::taker_after(workers, one);
    if (takers == 1) return first;
    const std::size_t second = detail::taker_after(workers, (one + 1 + source_.below(takers - 1)) % takers);
    return workers[second].in_flight < workers[first].in_flight ? second : first;
  }

 private:
  detail::random_source source_;
};

static_assert(selection_strategy<random_of_two>);

}}}  // namespace workpool::v0::select
