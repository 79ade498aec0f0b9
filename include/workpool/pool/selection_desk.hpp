#pragma once
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/event_hub.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/patient_mutex.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/asking_strategy.hpp>
#include <workpool/pool/dispatcher.hpp>
#include <workpool/pool/fork_desk.hpp>
#include <workpool/pool/inbox.hpp>
#include <workpool/pool/late_tasks.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/queue_options.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What pull_order is for other pools, where a strategy says which worker runs which task: a dispatcher behind a lock.
/// Whoever submits dispatches, and whoever pulls. Where the worker that is picked is parked, it alone is woken.
///
/// Threads: any; pull(), work_for() and overdue() by the worker that is named. The strategy is asked under the lock; no
/// other code of users runs there. A Crew has hands(), recall(mask), crowded() and may_grow().
/// Cost: a lock per pull, and per submit while any worker has room for more; see bench/w1t_strategies.
template <task_queue Queue, class Crew, selection_strategy Selection>
class selection_desk {
 public:
  selection_desk(const queue_options& options, Queue& queue, Crew& crew, late_tasks& late, fork_desk<Crew>& forks,
                 event_hub& hub, Selection selection)
      : queue_(queue),
        crew_(crew),
        late_(late),
        forks_(forks),
        hub_(hub),
        rules_(options, queue, late, std::move(selection)) {}
  selection_desk(const selection_desk&) = delete;
  selection_desk& operator=(const selection_desk&) = delete;
  ~selection_desk() {
    for (const priority lane : lane_order(0, 0)) empty_hands(lane, [](task_ref&&) {});
  }

  /// Something has come into the queue, or has become late. While every worker has enough nothing is to be done: the
  /// first that comes for more dispatches. The caller has passed a fence since, or the queue has put it in order.
  void dispatch_new() noexcept {
    if (full_.load(std::memory_order_seq_cst) && !rules_.urgent() && !crew_.may_grow()) return;
    dispatch();
  }

  /// The workers are not what they were, or the strategy.
  void dispatch() noexcept {
    after_lock todo;
    {
      const section hold(*this);
      if (hold.is_nested()) return;  // the strategy submits, and is asked again when it has returned
      dispatch_for(nullptr, todo);
    }
    carry_out(todo);
  }

  /// Gives: a started task for this worker to run, with a reference; nullptr when there is none.
  task* pull(thread_worker& me) {
    for (;;) {
      after_lock todo;
      std::optional<dispatched> mine;
      bool forks_too = false;
      {
        const section hold(*this);
        rules_.look_again(me);
        const bool provided = rules_.is_provided_for(me);
        if (!provided) dispatch_for(&me, todo);
        mine = rules_.take(me, steady::now);
        if (mine) {
          if (!provided && !rules_.full()) dispatch_for(nullptr, todo);  // what has waited for somebody to be free
          if (rules_.size() != 0) todo.crowded = true;
        }
        forks_too = rules_.takes(me);
        count();
      }
      carry_out(todo);
      if (!mine) return forks_too ? forks_.take_part(me) : nullptr;
      if (task* const next = rules_.claim(*mine)) return next;
    }
  }

  /// Whether anything waits, for whomever.
  bool work_in_sight() const noexcept {
    return dispatched_.load(std::memory_order_relaxed) != 0 || late_.any() || queue_.has_elements() ||
           crew_.hands().hold_any();
  }
  bool work_published() const noexcept { return work_in_sight(); }

  /// Whether a pull of this worker may find something, or find somebody for something.
  bool work_for(thread_worker& me) noexcept {
    const section hold(*this);
    rules_.look_again(me);
    look();
    return rules_.worth_a_look(me) || (rules_.takes(me) && crew_.hands().hold_any());
  }
  bool work_published_for(thread_worker& me) noexcept { return work_for(me); }

  /// One turn of the worker on guard. Gives: whether something waits for another one that does not get to it, and `me`
  /// may take it; if only others may, one of those is woken.
  bool overdue(thread_worker& me) noexcept {
    after_lock todo;
    bool mine = false;
    {
      const section hold(*this);
      look();
      if (rules_.find_overdue(me, steady::now())) {
        mine = rules_.takes(me);
        if (!mine) rules_.tell_anyone(todo);
      }
    }
    carry_out(todo);
    return mine;
  }

  /// Takes what waits in the inboxes for one lane, for nobody to run it: calls `visit(task_ref&&)` with each.
  template <class Visit>
  void empty_hands(priority lane, Visit visit) {
    inbox::list gone;
    {
      const section hold(*this);
      rules_.take_all(lane, gone);
      count();
    }
    for (const dispatched& one : gone) visit(rules_.put_aside(one));
    const section hold(*this);
    rules_.recycle(gone);
  }

  /// Calls `use(selection)` between two picks. Throws: what that throws.
  template <class F>
  void with_selection(F&& use) {
    // What waits for who takes nothing any more, and what `use` has submitted, also where it throws.
    const struct dispatching {
      selection_desk& desk;
      ~dispatching() { desk.dispatch(); }
    } at_the_end{*this};
    const section hold(*this);
    std::forward<F>(use)(rules_.chooser().selection());
  }

  void write_to(pool_stats& stats) const noexcept { stats.strategy_faults = rules_.chooser().faults(); }

 private:
  // What is to be done without the lock; collects who is to be woken.
  struct after_lock {
    void operator()(const thread_worker& sleeper) const noexcept { sleepers |= sleeper.mask(); }
    mutable futex_mask sleepers = 0;
    bool crowded = false;
    std::optional<std::string> fault{};
  };

  // The lock, once per thread: a strategy may use its pool.
  class section {
   public:
    explicit section(selection_desk& desk) noexcept : hold_(desk.mutex_, std::defer_lock), here_(&desk) {
      if (!here_.is_nested()) hold_.lock();
    }
    section(const section&) = delete;
    section& operator=(const section&) = delete;

    bool is_nested() const noexcept { return here_.is_nested(); }

   private:
    std::unique_lock<patient_mutex> hold_;
    const asking_strategy here_;
  };

  void look() noexcept {
    const auto each = [this](auto&& visit) {
      crew_.hands().any_worker([&](thread_worker& one) {
        visit(one);
        return false;
      });
    };
    using held_up = typename decltype(rules_)::held_up;
    rules_.look(each, crew_.may_grow() ? held_up::counts : held_up::is_gone);
  }

  void dispatch_for(const thread_worker* looking, after_lock& todo) noexcept {
    for (;;) {
      look();
      if (rules_.dispatch(looking, todo)) todo.crowded = true;
      if (rules_.chooser().has_news()) [[unlikely]] {
        if (auto news = rules_.chooser().news(steady::now())) todo.fault = std::move(news);
      }
      count();
      const bool full = rules_.full();
      if (full == full_.load(std::memory_order_relaxed)) return;
      full_.store(full, std::memory_order_relaxed);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      // Either who put something in sees that there is room, or we see what was put in.
      if (full || !(late_.any() || queue_.has_elements())) return;
    }
  }

  void count() noexcept { dispatched_.store(rules_.size(), std::memory_order_relaxed); }

  void carry_out(after_lock& todo) noexcept {
    if (todo.sleepers != 0) crew_.recall(todo.sleepers);
    if (todo.crowded) crew_.crowded();
    if (todo.fault) [[unlikely]]
      hub_.emit(event::strategy_fault{*std::move(todo.fault)});
  }

  Queue& queue_;
  Crew& crew_;
  late_tasks& late_;
  fork_desk<Crew>& forks_;
  event_hub& hub_;
  patient_mutex mutex_;
  dispatcher<Queue, thread_worker, Selection> rules_;  // guarded by mutex_, but for what is of any thread
  std::atomic<std::size_t> dispatched_{0};             // what rules_ holds; written under the lock
  std::atomic<bool> full_{false};                      // whether every worker has enough; written under the lock
};

}}}  // namespace workpool::v0::detail
