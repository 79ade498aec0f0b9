#pragma once
#include <concepts>
#include <functional>
#include <ranges>
#include <workpool/algorithm/needs_threads.hpp>
#include <workpool/algorithm/shared_loop.hpp>

namespace workpool { inline namespace v0 {

/// Calls `function(element)` for every element of `range`, on the calling thread and the workers of `pool`.
///
/// Threads: any, also a task of the same pool; `function` is called by several at a time. Order: none between elements
/// of different chunks. Blocks: until every body has returned; never for the sake of the pool, which may be paused,
/// full or busy: what it cannot take, the caller does. Throws: what `function`, or stepping through the range, threw
/// first, after every body has returned; elements that were not begun then are left out. pool_stopped, before anything
/// has run; bad_config for a priority that is none. Cost: a chunk of a sized random-access range is taken without a
/// lock, one of any other is stepped over under one.
template <class Pool, class Range, class F>
requires detail::shareable_range<Range> && std::invocable<F&, std::ranges::range_reference_t<Range>>
void for_each(Pool& pool, Range&& range, F function, loop_options options = {}) {
  detail::needs_threads<Pool>();
  static_assert(!detail::packs_bits<Range>,
                "the elements of a std::vector<bool> share words and cannot be changed by several threads: use a "
                "vector of char");
  detail::share_loop(pool, range, options, [&function](const auto& piece, const std::atomic<bool>& over) {
    using element = std::ranges::range_reference_t<Range>;
    detail::walk(piece, over, [&function](element&& one) { std::invoke(function, static_cast<element&&>(one)); });
  });
}

}}  // namespace workpool::v0
