#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/task_owner.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/poller.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/detail/posix/thread_name.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/crew_link.hpp>
#include <workpool/pool/crew_news.hpp>
#include <workpool/pool/fork_pool_options.hpp>
#include <workpool/pool/process_collector.hpp>
#include <workpool/pool/process_staff.hpp>
#include <workpool/pool/task_ledger.hpp>
#include <workpool/worker/own_frames.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The worker processes of a pool, and the thread that watches them.
///
///     notify ─► an idle worker is taken ─► next_task ─► sent        (whoever submits, or has freed the worker)
///     monitor: answers ─► settled, and the worker gets the next task; deaths, births, timers
///
/// Everything that is known of workers lies behind one lock, under which no code of users runs: what there is to tell
/// and to settle is collected there and done after it.
/// Threads: any. A Pool is a task_owner with next_task() → a started task or nullptr, work_in_sight(), queue_sizes(),
/// and all_workers_failed(), tell_if_broken(), workers_are_back(), end_of_crew().
template <class Pool>
class process_crew final : public task_stopper, private process_collector<Pool> {
  using collector = process_collector<Pool>;

 public:
  process_crew(Pool& pool, task_ledger& ledger, const fork_pool_options& options, std::optional<located_code> on_start)
      : collector(pool, ledger, options, std::move(on_start)), options_(options) {}
  process_crew(const process_crew&) = delete;
  process_crew& operator=(const process_crew&) = delete;
  ~process_crew() = default;

  /// Blocks until the workers that there always are have answered. Throws: unsafe_fork, spawn_failed, ready_timeout,
  /// and then there are none.
  void spawn() {
    poller_ = poller::make();
    bell_ = event_fd::make();
    if (!poller_ || !bell_ || !poller_.add(bell_.get(), interest::reading, bell_token)) {
      fail("the monitor", std::generic_category().message(errno));
    }
    {
      const std::lock_guard hold(mutex_);
      workers_.begin(poller_, bell_);
    }
    pool_.retain();
    try {
      const signals_blocked quiet;
      monitor_ = std::thread([this] { watch(); });
    } catch (const std::system_error& reason) {
      pool_.release();
      fail("the monitor thread", reason.code().message());
    } catch (...) {
      pool_.release();
      throw;
    }
    ledger_.await([this] {
      const std::lock_guard hold(mutex_);
      return workers_.has_begun();
    });
    const std::lock_guard hold(mutex_);
    if (const auto problem = workers_.end_of_beginning()) raise(problem->first, problem->second);
  }

  // ── there is work ─────────────────────────────────────────────────────────────────────────────────────────────────

  static constexpr thread_worker* here() noexcept { return nullptr; }
  static constexpr void kept(thread_worker&) noexcept {}

  void notify_one() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    notify_one_in_order();
    pool_.tell_if_broken();
  }
  void notify_one_in_order() noexcept {
    if (this->may_dispatch()) this->dispatch();
    this->ask_for_more();  // the idle one may have been taken for another task, or have left
  }
  void notify_many(std::uint32_t) noexcept { notify_one(); }
  void wake_all() noexcept { bell_.ring(); }

  // ── control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /// From its return on no worker is sent a task.
  void pause() noexcept {
    const guest_visit visit(pool_);
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      if (ending_) return;
      paused_.store(true, std::memory_order_seq_cst);
      workers_.take_back_all(todo);
    }
    this->carry_out(todo);
    if (works_for(pool_)) return;  // what this thread is in the middle of sending
    ledger_.await([this] {
      const std::lock_guard hold(mutex_);
      return sending_ == 0;
    });
  }

  void resume() noexcept {
    paused_.store(false, std::memory_order_seq_cst);
    this->dispatch();
    this->ask_for_more();
  }

  bool paused() const noexcept { return paused_.load(std::memory_order_relaxed); }

  /// Throws: std::bad_alloc.
  void resize(worker_range range) {
    {
      const std::lock_guard hold(mutex_);
      workers_.set_range(range);
    }
    bell_.ring();
  }
  worker_range range() const noexcept {
    const std::lock_guard hold(mutex_);
    return workers_.range();
  }

  /// Replaces a worker when it has ended what it runs. Throws: bad_config for a number that is none.
  void restart(worker_id id) {
    {
      const std::lock_guard hold(mutex_);
      if (!workers_.renew(id)) {
        throw bad_config("worker", "worker is " + std::to_string(id) + ": pool '" + options_.name + "' has " +
                                       in_words(workers_.slot_count(), "worker") + ", from 0 on");
      }
    }
    bell_.ring();
  }
  void reload() noexcept {
    {
      const std::lock_guard hold(mutex_);
      workers_.renew_all();
    }
    bell_.ring();
  }

  void recall(task& one) noexcept override {
    const guest_visit visit(pool_);
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      workers_.recall(one, todo);
    }
    this->carry_out(todo);
  }

  /// Settles a running task as cancelled; its worker gets its graces.
  cancel_result stop(task& one) noexcept override {
    const guest_visit visit(pool_);
    crew_news todo;
    bool stopped = false;
    {
      const std::lock_guard hold(mutex_);
      stopped = workers_.stop_held(one, todo);
      this->count_late_answers();
    }
    this->carry_out(todo);
    bell_.ring();  // there are graces to be watched, or what was heard has a time
    return stopped ? cancel_result::stop_requested : cancel_result::too_late;
  }

  void end_early(task& one) noexcept override {
    const guest_visit visit(pool_);
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      workers_.end_early(one, todo);
    }
    this->carry_out(todo);
  }

  bool collect(task& one, time_point deadline) noexcept override { return this->collect_for(one, deadline); }

  /// Takes back the calls of tasks that have begun which have not. Gives: how many.
  std::size_t take_back(priority lane, outcome result) noexcept {
    const guest_visit visit(pool_);
    crew_news todo;
    std::size_t count = 0;
    {
      const std::lock_guard hold(mutex_);
      count = workers_.take_back(lane, result, todo);
    }
    for (auto& [one, how] : std::exchange(todo.withdrawn, {})) {
      if (one->withdraw(how)) ++count;
      one->drop_reference();
    }
    this->carry_out(todo);
    return count;
  }

  /// Blocks: until what is on its way to a worker now is there, or begun; at most until `deadline`; not where this
  /// thread may be sending it. Gives: whether there was anything.
  bool await_senders(time_point deadline = time_point::max()) noexcept {
    if (works_for(pool_)) return false;
    std::uint64_t last = 0;
    {
      const std::lock_guard hold(mutex_);
      if (sending_ == 0) return false;
      last = holds_;
      ++awaited_;
    }
    ledger_.await(
        [&] {
          const std::lock_guard hold(mutex_);
          return !workers_.any_held(last);
        },
        deadline);
    const std::lock_guard hold(mutex_);
    --awaited_;
    return true;
  }

  /// Calls `use()` under the lock of the workers, and then sends what there is to send. Throws: what `use` throws.
  template <class F>
  auto with_lock(F use) {
    const struct dispatching {
      process_crew& crew;
      ~dispatching() { crew.bell_.ring(); }
    } at_the_end{*this};
    const std::lock_guard hold(mutex_);
    return use();
  }

  /// Whether tasks with this key have killed too many workers.
  bool holds(std::uint64_t key) noexcept {
    if (key == 0 || options_.quarantine.kills == 0) return false;
    const std::lock_guard hold(mutex_);
    return workers_.holds(key, steady::now());
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /// What is paused goes on: nothing more will be accepted.
  void finish() noexcept {
    {
      const std::lock_guard hold(mutex_);
      ending_ = true;
      paused_.store(false, std::memory_order_seq_cst);
    }
    this->dispatch();
    this->ask_for_more();
  }

  /// What runs is asked to stop, and ends as cancelled where it has not when its grace is over.
  void cancel_running() noexcept {
    const guest_visit visit(pool_);
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      workers_.cancel_running(steady::now(), todo);
    }
    this->carry_out(todo);
    bell_.ring();
  }

  /// Every worker leaves when it has ended what it runs. Blocks: until they are gone, or `deadline`.
  void stop_workers(time_point deadline) noexcept {
    stop_soon();
    bell_.ring();
    ledger_.await(
        [this] {
          const std::lock_guard hold(mutex_);
          return over_;
        },
        deadline);
  }

  /// Ends every process, and the monitor. Blocks: until they are gone, at most their graces and 2 s.
  void end() noexcept {
    stop_soon();
    bell_.ring();
    if (monitor_.joinable()) monitor_.join();
  }
  /// The same without waiting, when every task has its outcome: called by the monitor, or in the middle of it.
  void let_go() noexcept {
    let_go_.store(true, std::memory_order_seq_cst);
    bell_.ring();
    if (monitor_.joinable()) monitor_.detach();
  }

  // ── seeing ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /// What workers borrow.
  buffer_bank& buffers() const noexcept { return workers_.buffers(); }

  void write_to(pool_stats& stats) const {
    stats.buffers = buffers().count();
    stats.buffer_bytes = buffers().bytes();
    const std::lock_guard hold(mutex_);
    workers_.write_to(stats);
  }
  std::vector<worker_info> list() const {
    const std::lock_guard hold(mutex_);
    return workers_.list();
  }

 private:
  static constexpr std::uint64_t bell_token = 0, zygote_token = process_staff::zygote_token;

  [[noreturn]] void fail(const std::string& what, const std::string& why) const {
    throw spawn_failed(what + " of pool '" + options_.name + "' could not be started: " + why);
  }

  // ── the monitor ───────────────────────────────────────────────────────────────────────────────────────────────────

  void watch() noexcept {
    name_this_thread(options_.name + "-monitor");
    working_for = &pool_;
    std::array<poll_event, 64> room;
    for (;;) {
      crew_news todo;
      bool over = false;
      time_point next = time_point::max();
      if (let_go_.load(std::memory_order_relaxed) && ledger_.balanced()) stop_soon();
      {
        const std::lock_guard hold(mutex_);
        const time_point now = steady::now();
        workers_.keep_time(now, todo);
        workers_.staff(now, !paused() && pool_.work_in_sight(), todo);
        next = workers_.next_moment(now);
        if (let_go_.load(std::memory_order_relaxed)) next = std::min(next, after(now, std::chrono::milliseconds(50)));
        if constexpr (Pool::chooses) next = std::min(next, this->next_look(now));
        over = workers_.has_stopped() && sending_ == 0;
        wakes_at_ = next;
      }
      this->carry_out(todo);
      if (over) break;
      this->dispatch();
      for (const poll_event& one : poller_.wait(room, next)) hear(one);
    }
    pool_.end_of_crew();
    {
      const std::lock_guard hold(mutex_);
      over_ = true;
    }
    ledger_.notify();
    workers_.end_births();  // nobody else asks for it any more
    working_for = nullptr;
    pool_.release();
  }

  void stop_soon() noexcept {
    const std::lock_guard hold(mutex_);
    workers_.stop();
    ending_ = true;
  }

  void hear(const poll_event& news) noexcept {
    crew_news todo;
    {
      const std::lock_guard hold(mutex_);
      if (news.token == bell_token) {
        bell_.clear();
      } else if (news.token == zygote_token) {
        workers_.hear_zygote(todo);
      } else {
        workers_.hear_process(news, todo);
      }
      this->count_late_answers();
    }
    this->carry_out(todo);
  }

  using collector::awaited_;
  using collector::bell_;
  using collector::ending_;
  using collector::holds_;
  using collector::ledger_;
  using collector::let_go_;
  using collector::mutex_;
  using collector::paused_;
  using collector::pool_;
  using collector::sending_;
  using collector::wakes_at_;
  using collector::workers_;

  const fork_pool_options& options_;
  poller poller_;
  std::thread monitor_;
  bool over_ = false;  // guarded by mutex_
};

}}}  // namespace workpool::v0::detail
