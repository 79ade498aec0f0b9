#pragma once
#include <concepts>
#include <cstddef>
#include <future>
#include <string>
#include <vector>
#include <workpool/core/event.hpp>
#include <workpool/core/future.hpp>
#include <workpool/core/subscription.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/task_options.hpp>

namespace workpool { inline namespace v0 {

/// What every kind of pool can do; the docstrings of pool_surface say it in words.
template <class Pool>
concept worker_pool = requires(Pool& pool, const Pool& seen, const task_options& options, int (*call)(int),
                               void (*each)(std::size_t), void (*turn)(), const future<int>& one, duration limit,
                               worker_range workers, shutdown_options ending,
                               void (*handler)(const event::worker_exited&)) {
  { pool.submit(call, 1) } -> std::same_as<future<int>>;
  { pool.submit(options, call, 1) } -> std::same_as<future<int>>;
  { pool.try_submit(call, 1) } -> std::same_as<submit_result<int>>;
  { pool.try_submit(options, call, 1) } -> std::same_as<submit_result<int>>;
  pool.post(call, 1);
  pool.post(options, call, 1);
  { pool.submit_bulk(std::size_t{2}, each) } -> std::same_as<future<void>>;
  { pool.submit_bulk(options, std::size_t{2}, each) } -> std::same_as<future<void>>;
  pool.post_after(limit, call, 1);
  { pool.post_every(limit, turn) } -> std::same_as<subscription>;
  pool.pause();
  pool.resume();
  { seen.paused() }
  noexcept->std::same_as<bool>;
  pool.resize(workers);
  { pool.purge() } -> std::same_as<std::size_t>;
  { pool.purge(priority::low) } -> std::same_as<std::size_t>;
  seen.wait_idle();
  { seen.wait_idle_for(limit) } -> std::same_as<bool>;
  { pool.shutdown(ending) } -> std::same_as<shutdown_report>;
  { seen.stats() } -> std::same_as<pool_stats>;
  { seen.workers() } -> std::same_as<std::vector<worker_info>>;
  { seen.explain(one) } -> std::same_as<std::string>;
  { pool.template on_event<event::worker_exited>(handler) } -> std::same_as<subscription>;
};

}}  // namespace workpool::v0
