#pragma once
#include <concepts>
#include <cstddef>
#include <utility>
#include <workpool/core/task_ref.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/pool/pool_surface.hpp>
#include <workpool/pool/thread_pool_core.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 {

/// A pool of threads.
///
/// Threads: every member but the destructor from any thread, also from the pool's own tasks.
/// Blocks: submit and post when the queue is full and on_full is block (at most block_for); wait_idle…, shutdown and
/// the destructor; pause for the moment in which a worker decides. try_submit and everything else never. Throws:
/// bad_config naming the field from everything that takes options; spawn_failed from the constructor when the system
/// has not one thread to give, and from the first use of a time limit when it has none for the timer; forked_child from
/// every member in a process that has inherited the pool by fork.
///
/// A Selection other than select::first_idle says which worker runs which task. That is a preference: a worker that has
/// not begun anything for a millisecond loses what waits for it to others that are idle, unless the strategy pins it.
/// It costs throughput; see selection_strategy.
///
/// An accepted task reaches exactly one outcome. One that throws fails its future, or, posted, goes to on_uncaught.
/// The destructor runs everything that was accepted; shutdown() first where that must have an end.
template <selection_strategy Selection = detail::default_selection, class Queue = void>
class basic_thread_pool
    : public detail::pool_surface<detail::thread_pool_core<detail::queue_or_default<Queue>, Selection>> {
  using queue_type = detail::queue_or_default<Queue>;
  using core_type = detail::thread_pool_core<queue_type, Selection>;
  using surface = detail::pool_surface<core_type>;
  static_assert(task_queue<queue_type> && std::same_as<typename queue_type::value_type, task_ref>,
                "the queue of a pool is a task_queue of workpool::task_ref");

 public:
  explicit basic_thread_pool(pool_options options = {}, Selection selection = Selection())
      : surface(new core_type(options, std::move(selection))) {}
  explicit basic_thread_pool(std::size_t workers) : basic_thread_pool(with_workers(workers)) {}

  /// Calls `use(Selection&)` between two picks, which wait for it: set_weights() of a running pool, for instance.
  /// Throws: what `use` throws. It must not wait for the pool.
  template <std::invocable<Selection&> F>
  void with_selection(F&& use) requires(core_type::chooses) {
    this->core().check_process();
    this->core().with_selection(std::forward<F>(use));
  }

 private:
  static pool_options with_workers(std::size_t workers) {
    pool_options options;
    options.workers = worker_range(workers);
    return options;
  }
};

}}  // namespace workpool::v0
