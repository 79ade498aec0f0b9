#pragma once
#include <atomic>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/detail/posix/thread_name.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/worker/run_slot.hpp>
#include <workpool/worker/worker_life.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A worker that is a thread of this process: its thread, its state, and the counters it alone writes.
class alignas(cache_line) thread_worker {
 public:
  explicit thread_worker(worker_id id) noexcept : id_(id) {}
  thread_worker(const thread_worker&) = delete;
  thread_worker& operator=(const thread_worker&) = delete;

  /// Starts the thread, which calls `body()` with all signals blocked but the synchronous ones.
  /// Throws: std::system_error when the system has no thread to give.
  template <class Body>
  void start(std::string name, Body body) {
    const signals_blocked quiet;
    thread_ = std::thread([name = std::move(name), body = std::move(body)]() mutable {
      name_this_thread(name);
      body();
    });
  }

  std::thread& thread() noexcept { return thread_; }
  worker_id id() const noexcept { return id_; }
  worker_state state() const noexcept { return state_.load(std::memory_order_relaxed); }

  /// Only by the worker's own thread.
  void happen(worker_event event) noexcept {
    state_.store(transition(state_.load(std::memory_order_relaxed), event).next, std::memory_order_relaxed);
  }

  worker_info info() const {
    worker_info now{};
    now.id = id_;
    now.generation = 1;
    now.state = state();
    now.started_at = started_at_;
    now.completed = books.settled(outcome::value);
    now.failed = books.settled(outcome::failed);
    now.current = current.load(std::memory_order_relaxed);
    now.in_flight = now.state == worker_state::busy ? 1 : 0;
    return now;
  }

  run_slot slot;
  run_books books{writers::one};
  std::atomic<task_id> current{0};  // written by the worker
  std::atomic<bool> at_rest{true};  // parked, halted or gone: it will look whether the pool is paused before it takes
  unsigned picks = 0;               // used by the worker alone

 private:
  const worker_id id_;
  std::atomic<worker_state> state_{worker_state::starting};
  const time_point started_at_ = steady::now();
  std::thread thread_;
};

}}}  // namespace workpool::v0::detail
