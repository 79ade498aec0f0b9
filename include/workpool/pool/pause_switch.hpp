#pragma once
#include <atomic>
#include <workpool/detail/eventcount.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/asymmetric_fence.hpp>
#include <workpool/pool/dispatch.hpp>
#include <workpool/worker/thread_worker.hpp>
#include <workpool/worker/worker_list.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Whether the workers of a pool may start tasks: it runs, is paused, or comes to its end, and then it is not paused
/// any more.
///
/// Threads: any. Blocks: pause() for the moment in which a worker decides; await_resumed() while it is paused.
/// Cost: a worker that goes on looks at one line that nobody writes.
class pause_switch {
 public:
  /// From its return on none of `workers` starts a task.
  void pause(const worker_list& workers) noexcept {
    paused_.store(true, std::memory_order_seq_cst);
    if (phase_.load(std::memory_order_seq_cst) != pool_phase::running) {
      paused_.store(false, std::memory_order_seq_cst);
      return;
    }
    // A handler may call this on a worker between two tasks, which will look before it takes the next one.
    const bool rested =
        worker_of_this_thread != nullptr && worker_of_this_thread->at_rest.exchange(true, std::memory_order_seq_cst);
    heavy_fence();  // see run_slot::end()
    for (const auto& worker : workers) {
      // One that is between two tasks has perhaps not seen it and may start another one: wait until it has decided.
      for (spinner spin; worker.slot.empty() && !worker.at_rest.load(std::memory_order_seq_cst);) spin.once();
    }
    if (worker_of_this_thread != nullptr) worker_of_this_thread->at_rest.store(rested, std::memory_order_seq_cst);
  }

  void resume() noexcept {
    paused_.store(false, std::memory_order_seq_cst);
    wake_all();
  }

  /// Nothing more will be accepted; what is paused goes on. Wakes nobody.
  void finish() noexcept {
    phase_.store(pool_phase::draining, std::memory_order_seq_cst);
    paused_.store(false, std::memory_order_seq_cst);  // in this order: see pause()
  }

  bool paused(std::memory_order order = std::memory_order_relaxed) const noexcept { return paused_.load(order); }
  pool_phase current() const noexcept { return phase_.load(std::memory_order_acquire); }
  bool ends() const noexcept { return phase_.load(std::memory_order_seq_cst) != pool_phase::running; }

  /// Blocks until the pool is not paused, or `me` is no longer wanted.
  void await_resumed(const thread_worker& me) noexcept {
    resumed_.await(
        [&] { return !paused() || current() != pool_phase::running || !me.wanted.load(std::memory_order_seq_cst); });
  }
  /// Lets those who wait look again.
  void wake_all() noexcept { resumed_.notify_all(); }

 private:
  eventcount resumed_;                                  // workers of a paused pool
  std::atomic<pool_phase> phase_{pool_phase::running};  // written by finish()
  std::atomic<bool> paused_{false};
};

}}}  // namespace workpool::v0::detail
