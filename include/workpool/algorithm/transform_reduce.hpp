#pragma once
#include <atomic>
#include <concepts>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <workpool/algorithm/needs_threads.hpp>
#include <workpool/algorithm/shared_loop.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

template <class F, class Range>
using transformed = std::invoke_result_t<F&, std::ranges::range_reference_t<Range>>;

template <class Reduce, class F, class Range, class T>
concept reduces = std::movable<T> && std::invocable<F&, std::ranges::range_reference_t<Range>> &&
    std::convertible_to<transformed<F, Range>, T> && requires(Reduce& reduce, T whole) {
  { std::invoke(reduce, std::move(whole), std::move(whole)) } -> std::convertible_to<T>;
  { std::invoke(reduce, std::move(whole), std::declval<transformed<F, Range>>()) } -> std::convertible_to<T>;
};

/// The results of chunks, by their number. Threads: put() by any.
template <class T>
class partial_results {
 public:
  void put(std::size_t number, T&& result) { place(number).emplace(std::move(result)); }

  /// When nobody puts any more: `whole` and all results in their order, reduced.
  template <class Reduce>
  T fold(T whole, Reduce& reduce) {
    for (std::optional<T>& one : places_) whole = std::invoke(reduce, std::move(whole), *std::move(one));
    return whole;
  }

 private:
  // Growing at the end leaves the places where they are.
  std::optional<T>& place(std::size_t number) {
    const std::lock_guard hold(mutex_);
    while (places_.size() <= number) places_.emplace_back();
    return places_[number];
  }

  std::mutex mutex_;
  std::deque<std::optional<T>> places_;
};

}  // namespace detail

/// Gives `init` and the results of `function(element)` for every element of `range`, reduced to one value by
/// `reduce(left, right)`.
///
/// Order: neighbours are reduced in the order of the range and `init` comes first, once, so that `reduce` has to be
/// associative, no more. Which neighbours are reduced first depends on the chunks alone: those of options.chunk, or of
/// the range and the number of workers.
/// Threads, Blocks, Throws, Cost: as for_each; `reduce` is called by several threads at a time as well.
/// Memory: one T for each chunk.
template <class Pool, class Range, class T, class Reduce, class F>
requires detail::shareable_range<Range> && detail::reduces<Reduce, F, Range, T> T
transform_reduce(Pool& pool, Range&& range, T init, Reduce reduce, F function, loop_options options = {}) {
  detail::needs_threads<Pool>();
  detail::partial_results<T> partial;
  detail::share_loop(pool, range, options, [&](const auto& piece, const std::atomic<bool>& over) {
    using element = std::ranges::range_reference_t<Range>;
    std::optional<T> sum;
    const bool complete = detail::walk(piece, over, [&](element&& one) {
      if (sum) {
        *sum = std::invoke(reduce, *std::move(sum), std::invoke(function, static_cast<element&&>(one)));
      } else {
        sum.emplace(std::invoke(function, static_cast<element&&>(one)));
      }
    });
    if (complete) partial.put(piece.number, *std::move(sum));
  });
  return partial.fold(std::move(init), reduce);
}

}}  // namespace workpool::v0
