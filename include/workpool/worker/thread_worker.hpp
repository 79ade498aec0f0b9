#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <workpool/config.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/detail/posix/thread_name.hpp>
#include <workpool/monitor/pool_books.hpp>
#include <workpool/worker/batch_limit.hpp>
#include <workpool/worker/chase_lev_deque.hpp>
#include <workpool/worker/run_slot.hpp>
#include <workpool/worker/task_deque.hpp>
#include <workpool/worker/worker_life.hpp>

namespace workpool { inline namespace v0 { namespace detail {

class fork_job;

/// A worker that is a thread of this process, and after its end the next one: its thread, its state, and the counters
/// it alone writes.
/// Threads: what is atomic, any; lost and thread() by whoever holds the lock of the crew.
class alignas(cache_line) thread_worker {
 public:
  explicit thread_worker(worker_id id) noexcept : slot(id), id_(id) {}
  thread_worker(const thread_worker&) = delete;
  thread_worker& operator=(const thread_worker&) = delete;

  /// Starts the next generation: a thread that calls `body()` with all signals blocked but the synchronous ones.
  /// Throws: std::system_error when the system has no thread to give.
  template <class Body>
  void start(std::string name, Body body) {
    const signals_blocked quiet;
    happen(worker_event::start);
    generation_.fetch_add(1, std::memory_order_relaxed);  // all of it before the thread can look at itself
    started_at_.store(steady::now(), std::memory_order_relaxed);
    try {
      thread_ = std::thread([name = std::move(name), body = std::move(body)]() mutable {
        name_this_thread(name);
        body();
      });
    } catch (...) {
      generation_.fetch_sub(1, std::memory_order_relaxed);
      happen(worker_event::end);
      throw;
    }
  }

  std::thread& thread() noexcept { return thread_; }
  worker_id id() const noexcept { return id_; }
  /// How a recall of some knows it; every 32nd worker has the same.
  futex_mask mask() const noexcept { return futex_mask{1} << (id_ % 32); }
  std::uint32_t generation() const noexcept { return generation_.load(std::memory_order_relaxed); }
  /// Busy is what its slot says: a worker has more to do than to note every task it begins and ends.
  worker_state state() const noexcept {
    const worker_state kept = state_.load(std::memory_order_relaxed);
    return slot.empty() ? kept : transition(kept, worker_event::take).next;
  }

  /// Only by the worker's own thread, and before and after it by whoever starts it.
  void happen(worker_event event) noexcept {
    state_.store(transition(state_.load(std::memory_order_relaxed), event).next, std::memory_order_relaxed);
  }

  worker_info info() const {
    worker_info now{};
    now.id = id_;
    now.generation = generation();
    now.state = state();
    now.started_at = started_at_.load(std::memory_order_relaxed);
    now.completed = books.settled(outcome::value);
    now.failed = books.settled(outcome::failed);
    if (now.state == worker_state::busy) {
      now.current = current.load(std::memory_order_relaxed);
      now.in_flight = 1;
    }
    return now;
  }

  /// Whether there are parts of its task to be taken; a task that has been given up gets no more help.
  bool has_forked() const noexcept { return forks.size() != 0 && !slot.is_seized(); }

  /// Whether it does not get to what it has in hand: it parks, halts, is gone, or waits in the middle of a task.
  bool is_away() const noexcept {
    return at_rest.load(std::memory_order_relaxed) || waits.load(std::memory_order_relaxed) > 0;
  }

  /// Whether there should be this worker.
  bool is_wanted() const noexcept { return wanted.load(std::memory_order_relaxed); }
  /// Whether it gets to what it is given, soon: it is there, wanted, and not held up in the middle of a task. A thread
  /// that is just starting counts, so that a pool has all its workers from its first task on.
  bool is_ready() const noexcept {
    const worker_state now = state();
    return is_wanted() && now != worker_state::dead && now != worker_state::stopping &&
           waits.load(std::memory_order_relaxed) <= 0 && !slot.is_seized();
  }
  bool is_working() const noexcept { return !slot.empty(); }
  /// Whether it has to be woken. It says so before it looks for the last time.
  bool rests() const noexcept { return at_rest.load(std::memory_order_relaxed); }

  run_slot slot;
  run_books books{writers::one};
  std::atomic<task_id> current{0};  // while busy; written by the worker
  std::atomic<bool> at_rest{true};  // parked, halted or gone: it will look whether the pool is paused before it takes
  std::atomic<int> waits{0};        // in how many nested tasks it is held up; see stall_watch
  std::atomic<bool> wanted{false};  // else it leaves; written by the crew
  bool lost = false;                // its thread ended unplanned, and no other has started since
  unsigned picks = 0, turns = 0;    // what it has claimed, how often it has asked; used by the worker alone
  unsigned late_picks = 0;          // how often it has asked while something was late; used by the worker alone
  task_deque own;                   // what its tasks have submitted
  chase_lev_deque<fork_job, 256> forks;  // parts of what it runs, for who has nothing to do
  task_batch batch;                      // filled by the worker
  static constexpr duration first_guard_turn = std::chrono::microseconds(50);
  duration guard_turn = first_guard_turn;  // how long it sleeps on guard; used by the worker alone
  bool was_on_guard = false;               // when it last slept; used by the worker alone
  batch_limit most;                        // used by the worker alone
  thread_worker* watched = nullptr;        // whose batch it looked at last, and how that was
  std::uint64_t watched_mark = 0;
  std::uint64_t seen_pushes = 0;      // when another one last looked at a single task in `own`; who guards writes it
  thread_worker* relieves = nullptr;  // whose task it has found on guard; used by the worker alone
  const void* crew = nullptr;         // that it belongs to
  thread_worker* next = nullptr;      // in a worker_list

 private:
  const worker_id id_;
  std::atomic<worker_state> state_{worker_state::dead};
  std::atomic<std::uint32_t> generation_{0};
  std::atomic<time_point> started_at_{};
  std::thread thread_;
};

/// The worker that this thread is, of whichever pool and whatever it runs just now.
WORKPOOL_ONE_PER_PROCESS inline thread_local constinit thread_worker* worker_of_this_thread = nullptr;

}}}  // namespace workpool::v0::detail
