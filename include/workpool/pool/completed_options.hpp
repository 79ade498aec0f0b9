#pragma once
#include <algorithm>
#include <workpool/pool/default_concurrency.hpp>
#include <workpool/pool/pool_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Gives: the range with every 0 replaced by what it stands for. Throws: bad_config, naming the field.
inline worker_range completed(worker_range range) {
  checked(range);
  if (range.max == 0) return worker_range(default_concurrency());
  if (range.min == 0) range.min = std::min(default_concurrency(), range.max);
  return range;
}

/// For a pool with a strategy. Throws: bad_config.
inline void check_dropping(const queue_options& options) {
  if (options.capacity == 0 || options.on_full != on_full::drop_oldest) return;
  throw bad_config("queue.on_full",
                   "queue.on_full is drop_oldest, and the pool has a selection strategy: what waits for its worker "
                   "cannot be dropped; use on_full::reject or block, or select::first_idle");
}

/// Gives: the options as a pool keeps them, with a name and a size. Throws: bad_config, naming the field.
inline pool_options completed(pool_options options) {
  checked(options);
  if (options.name.empty()) options.name = "pool";
  options.workers = completed(options.workers);
  return options;
}

}}}  // namespace workpool::v0::detail
