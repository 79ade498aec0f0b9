#pragma once
#include <concepts>
#include <cstddef>
#include <utility>
#include <workpool/core/future.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/task_number.hpp>
#include <workpool/ipc/remote.hpp>
#include <workpool/ipc/shared_buffer.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/pool/fork_pool_core.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/pool_surface.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 {

/// A pool of child processes: the same calls as on a pool of threads, and what crashes there takes down one child.
///
///     #include <workpool/worker_entry.hpp>                              // only the file with main
///     int main(int argc, char** argv) {
///       if (auto code = workpool::worker_entry(argc, argv)) return *code;   // first line: children enter here
///       workpool::fork_pool jobs;
///       int value = jobs.submit([](int a, int b) { return a + b; }, 2, 3).get();
///     }
///
/// A task is a function, or a lambda without captures; it is called in a child, with copies of the arguments that
/// travel as bytes (see codec), and gives its result back the same way. Nothing it does to memory is seen here.
///
/// Threads: every member but the destructor from any thread, also from the pool's own handlers. Blocks: as
/// basic_thread_pool; the constructor until the workers have answered. Throws: as basic_thread_pool; unsafe_fork where
/// workers cannot be started safely, with what is missing; message_too_large and codec_error from submit for arguments
/// that cannot be sent, unsupported for code that a child cannot have; pool_broken while no worker can live,
/// task_quarantined.
///
/// A worker that dies while it runs a task takes that task with it (worker_lost, with a crash_report) and is replaced
/// at once; no other task is touched. A task that is cancelled, or runs out of time, is settled at once, and its worker
/// asked to stop, told to by SIGTERM, and killed. A task runs at most once, with .retry at least once.
///
/// A worker whose tasks are short is sent the next ones before it has answered, about 100 µs of work: such a task waits
/// as in the queue, and is treated so, until that worker comes to it; one that has to wait for more than a millisecond
/// is taken back, and another worker's. That is for tasks of normal and low priority without options of their own, in
/// pools without a capacity, a strategy or soft_memory, while nobody listens to task_started.
///
/// A bulk is sent to its workers in runs of calls, each about a millisecond long, between which something more urgent
/// goes first; one call at a time where the task has a limit, a key, a breaker or further attempts of its own, or the
/// pool a capacity, max_tasks or a strategy. A worker that dies in a run takes one call with it, as ever; the books
/// count the others run by run.
template <selection_strategy Selection = detail::default_selection, class Queue = void>
class basic_fork_pool
    : public detail::pool_surface<detail::fork_pool_core<detail::queue_or_default<Queue>, Selection>> {
  using queue_type = detail::queue_or_default<Queue>;
  using core_type = detail::fork_pool_core<queue_type, Selection>;
  using surface = detail::pool_surface<core_type>;
  static_assert(task_queue<queue_type> && std::same_as<typename queue_type::value_type, task_ref>,
                "the queue of a pool is a task_queue of workpool::task_ref");

 public:
  explicit basic_fork_pool(fork_pool_options options = {}, Selection selection = Selection())
      : surface(new core_type(options, std::move(selection))) {}
  explicit basic_fork_pool(std::size_t workers) : basic_fork_pool(with_workers(workers)) {}

  using surface::submit;
  /// Calls what the workers' program offers by this name (workpool::offer), which gives an R. Throws: as submit.
  template <class R, class... A>
  auto submit(remote one, A&&... arguments) -> future<R> {
    this->core().check_process();
    auto* const made = this->core().calls().template named<R>(one, arguments...);
    made->describe_as(detail::next_task_number(), priority::normal);
    task_ref waiting(made);
    made->add_reference();
    future<R> result(made);
    this->core().admit_or_throw(waiting);
    return result;
  }

  /// Calls `use(Selection&)` between two picks, which wait for it. Throws: what `use` throws. It must not use the pool.
  template <std::invocable<Selection&> F>
  void with_selection(F&& use) requires(core_type::chooses) {
    this->core().check_process();
    this->core().with_selection(std::forward<F>(use));
  }

  /// A new buffer of zeros that can go with tasks of this pool as an argument, and that they can give; 0 bytes: none.
  /// It may outlive the pool. Units: bytes. Throws: message_too_large where buffer_memory is used up, or the system has
  /// no memory for it; std::bad_alloc, forked_child.
  shared_buffer make_buffer(std::size_t bytes) {
    this->core().check_process();
    return this->core().make_buffer(bytes);
  }

  /// Replaces one worker when it has ended what it runs. Throws: bad_config for a number that is none.
  void restart(worker_id worker) {
    this->core().check_process();
    this->core().restart(worker);
  }
  /// Replaces every worker, at most max_unavailable at a time.
  void reload() {
    this->core().check_process();
    this->core().reload();
  }

 private:
  static fork_pool_options with_workers(std::size_t workers) {
    fork_pool_options options;
    options.workers = worker_range(workers);
    return options;
  }
};

}}  // namespace workpool::v0
