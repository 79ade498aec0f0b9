#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <utility>
#include <workpool/algorithm/body_count.hpp>
#include <workpool/algorithm/group_entry.hpp>
#include <workpool/config.hpp>
#include <workpool/core/error.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a task group consists of, apart from the pool. Its address is known to the tasks under way.
///
///     run ─► add ─► perform ─┬─► settled, and swept out of the list
///                            └─ an error: the first one is kept for wait, and ends the group
///
/// A group that ends cancels all it has and takes nothing more, until a wait has seen the last of it.
/// Threads: any. No foreign code runs under the lock.
class group_state {
 public:
  group_state() = default;
  group_state(const group_state&) = delete;
  group_state& operator=(const group_state&) = delete;

  body_count::ticket enter() const noexcept { return bodies_.enter(); }
  /// Whether no body is under way.
  bool idle() const noexcept { return bodies_.none(); }
  bool ends() const noexcept { return ends_.load(std::memory_order_relaxed); }

  /// The pool has accepted `one`, and may have run it already.
  void add(const entry_ref& one, future<void> done) noexcept {
    entry_list gone;
    bool late = false;
    {
      const std::lock_guard hold(mutex_);
      one->accepted(std::move(done));
      members_.push(one);
      late = ends();
      if (members_.size() >= sweep_at_) {
        members_.find([](const group_entry&) { return false; }, gone);
        sweep_at_ = std::max(first_sweep, 2 * members_.size());
      }
    }
    if (late) one->cancel();
    notice(one, one->behind().state());
  }

  /// The body of a member's task.
  void perform(const entry_ref& one) {
    task& self = *innermost_run->running;
    const frame here(*this);
    try {
      one->call(self);
    } catch (const task_cancelled&) {
      notice(one, self.state());
      throw;
    } catch (...) {
      fail(one);
      throw;
    }
    notice(one, self.state());
  }

  /// The task of `one` was withdrawn, or never accepted.
  void never_ran(const entry_ref& one) noexcept {
    {
      const std::lock_guard hold(mutex_);
      if (!one->is_accepted()) return;  // add() looks at it again
    }
    notice(one, one->behind().state());
  }

  void cancel() noexcept {
    entry_list gone;
    std::unique_lock hold(mutex_);
    if (ends_.exchange(true, std::memory_order_relaxed)) return;
    const auto unasked = [](group_entry& one) { return !std::exchange(one.asked_to_stop, true); };
    while (const entry_ref one = entry_ref::share(members_.find(unasked, gone))) {
      hold.unlock();
      one->cancel();
      hold.lock();
    }
  }

  /// Blocks until every body has returned and every task is settled; then the group is as new.
  /// Throws: would_deadlock; the group goes on then. Gives: what failed first, if anything.
  entry_ref wait() {
    entry_ref failed;
    do {
      while (const entry_ref one = next()) await(*one);
    } while (!is_over(failed));
    return failed;
  }

  /// Blocks until every body has returned, also where a worker of the pool may not park.
  void finish() noexcept {
    for (;;) {
      try {
        wait();
        return;
      } catch (...) {
        bodies_.wait();
      }
    }
  }

 private:
  // The bodies of groups that this thread is inside of.
  struct frame {
    explicit frame(const group_state& of) noexcept : group(&of), outer(std::exchange(innermost, this)) {}
    frame(const frame&) = delete;
    frame& operator=(const frame&) = delete;
    ~frame() { innermost = outer; }
    const group_state* group;
    const frame* outer;
    WORKPOOL_ONE_PER_PROCESS static inline thread_local constinit const frame* innermost = nullptr;
  };

  [[gnu::noinline]] void refuse_inside() const {
    for (const frame* one = frame::innermost; one != nullptr; one = one->outer) {
      if (one->group != this) continue;
      raise(errc::would_deadlock,
            "task_group::wait was called from " + innermost_run->running->describe() +
                ", inside a body of the same group, for which it would wait: let the one who made the group wait");
    }
  }

  static constexpr bool is_error(outcome end) noexcept { return end != outcome::value && end != outcome::cancelled; }

  // A task may end without its body: it expired, was discarded, or ran longer than its timeout.
  void notice(const entry_ref& one, task_state now) noexcept {
    const bool over = now.phase() == task_phase::withdrawing || now.phase() == task_phase::settled;
    if (over && is_error(now.outcome())) fail(one);
  }

  void fail(const entry_ref& one) noexcept {
    {
      const std::lock_guard hold(mutex_);
      if (failed_) return;
      failed_ = one;
    }
    cancel();
  }

  /// Gives: a member that has not started, the newest first, else one that runs, else none.
  [[gnu::noinline]] entry_ref next() noexcept {
    entry_list gone;
    const std::lock_guard hold(mutex_);
    group_entry* const unstarted = members_.find([](const group_entry& one) { return one.waiting(); }, gone);
    return entry_ref::share(unstarted != nullptr ? unstarted : members_.newest());
  }

  // All members are settled. Gives: false when the last bodies have run more.
  [[gnu::noinline]] bool is_over(entry_ref& failed) {
    if (!idle()) {
      refuse_inside();
      bodies_.wait();
    }
    const std::lock_guard hold(mutex_);
    if (members_.newest() != nullptr) return false;
    ends_.store(false, std::memory_order_relaxed);
    sweep_at_ = first_sweep;
    failed = std::move(failed_);
    return true;
  }

  // A worker of the pool parks only when all that is left of the group runs elsewhere.
  void await(group_entry& one) const {
    if (one.waiting()) {
      one.behind().help_own();
      if (!one.waiting()) return;
    }
    if (one.settled()) return;
    refuse_inside();
    one.wait();
  }

  static constexpr std::size_t first_sweep =
      64;  // members: few enough that a sweep costs less than the submits between two

  mutable std::mutex mutex_;
  entry_list members_;
  std::size_t sweep_at_ = first_sweep;
  entry_ref failed_;
  std::atomic<bool> ends_{false};  // cancelled, or something failed; written under the lock
  body_count bodies_;
};

}}}  // namespace workpool::v0::detail
