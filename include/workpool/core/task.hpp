#pragma once
#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/remote_body.hpp>
#include <workpool/core/task_details.hpp>
#include <workpool/core/task_owner.hpp>
#include <workpool/core/task_state.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/block_pool.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/detail/recent_wake.hpp>

namespace workpool { inline namespace v0 { namespace detail {

class buffer_maker;

/// One unit of work: callable, arguments, result, state and waiters in one recycled block. Queues carry pointers to it.
///
/// Threads: the state word decides who may do what (see task_state.hpp); everything else is touched only by the thread
/// that the last transition made responsible. Memory: counted references, one of the queue or worker, one of the
/// future.
class task : public recycled {
 public:
  task() = default;
  task(const task&) = delete;
  task& operator=(const task&) = delete;
  virtual ~task();

  /// Runs the body and keeps its result. Throws: what the body throws.
  virtual void invoke() = 0;
  /// Destroys callable and arguments. To be called once, by whoever ran or withdrew the task.
  virtual void drop() noexcept = 0;
  /// Hands the result to a receiver other than a workpool::future, just before the outcome is published.
  virtual void deliver(outcome) noexcept {}
  /// Its body runs in another process. nullptr: here.
  virtual remote_body* elsewhere() noexcept { return nullptr; }
  /// How many calls it stands for, each with a line in the books; their numbers follow each other from id() on.
  virtual std::uint64_t calls() const noexcept { return 1; }

  void describe_as(task_id id, priority lane) noexcept {
    id_ = id;
    lane_ = lane;
  }
  /// To be filled in before another thread can see the task. Throws: std::bad_alloc.
  task_details& details() {
    if (!details_) details_ = std::make_unique<task_details>();
    return *details_;
  }
  /// From now on it belongs to a pool and has to reach an outcome. To be called before another thread can see it.
  void accept_by(task_owner& owner) noexcept {
    owner_ = &owner;
    word_.store(0, std::memory_order_release);
  }
  /// It is one of those whose times are taken. To be called before another thread can see it.
  [[gnu::noinline]] void take_time() noexcept { accepted_at_ = steady::now(); }
  /// When it was accepted; the clock's zero when nobody wants to know.
  time_point accepted_at() const noexcept { return accepted_at_; }
  /// Nobody wants to know any more.
  void take_no_time() noexcept { accepted_at_ = {}; }
  /// It was not accepted after all.
  void disown() noexcept { owner_ = nullptr; }
  /// It stands for one of another process and runs here from now on, after so many attempts.
  void begin_for_another(std::uint32_t ended) noexcept {
    word_.store(task_state::running_after(ended).bits(), std::memory_order_release);
  }

  /// It lies in the hand of the worker whose task submitted it, and takes no place in the queue.
  void set_in_hand(bool is) noexcept { in_hand_ = is; }

  /// Nobody holds a future: an error goes to the pool's handler.
  void set_posted() noexcept { posted_ = true; }
  /// deliver() is to be called.
  void set_delivers() noexcept { delivers_ = true; }
  /// To be filled in before another thread can see the task. Throws: std::bad_alloc.
  void set_gate(std::unique_ptr<attempt_gate> gate) {
    details().gate = std::move(gate);
    set_delivers();  // just before the outcome is published the gate is told
  }
  /// Gives: whether it may be submitted, or run again.
  bool may_enter() noexcept { return !details_ || !details_->gate || details_->gate->enter(); }

  task_id id() const noexcept { return id_; }
  priority lane() const noexcept { return lane_; }
  bool posted() const noexcept { return posted_; }
  std::string_view name() const noexcept { return details_ ? std::string_view(details_->name) : std::string_view(); }
  duration timeout() const noexcept { return details_ ? details_->timeout : duration::max(); }
  time_point expires_at() const noexcept { return details_ ? details_->expires_at : time_point::max(); }
  std::uint64_t key() const noexcept { return details_ ? details_->key : 0; }
  /// Whether and when it is run again; nullptr: never. There from before it is accepted.
  attempt_plan* plan() const noexcept { return details_ ? details_->plan.get() : nullptr; }
  /// Which attempt it is that runs, or would run next: 1, 2, …
  unsigned attempt() const noexcept { return state().attempts() + 1; }
  bool delayed() const noexcept { return details_ && details_->delayed.load(std::memory_order_acquire); }
  /// Gives: true for the one caller that ends the delay.
  bool end_delay() noexcept { return delayed() && details_->delayed.exchange(false, std::memory_order_acq_rel); }
  bool outside_queue() const noexcept { return in_hand_ || (details_ && details_->outside_queue); }
  /// Whether it has a name, a limit, or anything else that is rare.
  bool has_details() const noexcept { return details_ != nullptr; }
  /// Whether a timeout, an expiry or the time of another attempt has to be watched.
  bool needs_clock() const noexcept {
    return timeout() != duration::max() || expires_at() != time_point::max() || plan() != nullptr;
  }
  /// Whether nobody can reach it but its queue and whoever takes it out: no future, no clock, no group has a pointer.
  bool unwatched() const noexcept { return posted_ && details_ == nullptr; }
  bool belongs_to(const task_owner& owner) const noexcept { return owner_ == &owner; }
  /// The pool it belongs to; there at least as long as a task of it runs.
  task_owner* owner() const noexcept { return owner_; }
  /// Gives: "task 17 'thumb'".
  std::string describe() const;

  task_state state() const noexcept { return task_state(word_.load(std::memory_order_acquire)); }
  bool settled() const noexcept { return state().phase() == task_phase::settled; }
  bool waiting() const noexcept { return state().phase() == task_phase::queued; }
  /// … for the attempt after so many. In the queue it lies for the first one only.
  bool waits_for(std::uint32_t ended) const noexcept {
    const task_state now = state();
    return now.phase() == task_phase::queued && now.attempts() == ended;
  }

  /// Gives: true for the one caller that may and must run the attempt after so many. One whose time has run out expires
  /// instead.
  [[gnu::always_inline]] bool start(std::uint32_t ended = 0) noexcept {
    if (unwatched()) {  // nobody to compete with
      constexpr task_step first = transition(task_state(0), task_event::start, outcome::value);
      static_assert(first.taken);
      if (word_.load(std::memory_order_acquire) != 0) [[unlikely]]
        return start_against_others(ended);  // it was handed out, or is not there any more
      word_.store(first.next.bits(), std::memory_order_relaxed);
      return true;
    }
    return start_against_others(ended);
  }

  /// It is going to be run elsewhere, unless it is recalled. Gives: false when it no longer waits.
  bool hand_out() noexcept { return advance<task_event::hand_out>(word_).taken; }
  /// It has been recalled before it began.
  void hand_back() noexcept { advance<task_event::hand_back>(word_); }
  bool handed_out() const noexcept { return state().handed_out(); }
  /// It was handed out and has not begun, though it was taken for running. Gives: whether it was.
  bool take_back() noexcept { return advance<task_event::take_back>(word_).taken; }

  /// Makes sure that a waiting task never runs: destroys the callable, counts it, tells who waits.
  /// Gives: false when it no longer waits, or was never accepted; nothing has changed then.
  bool withdraw(outcome result, std::uint32_t ended = any_attempt) noexcept;

  virtual cancel_result cancel() noexcept;

  /// Ends a started task. The callable is already destroyed.
  void finish(outcome result) noexcept;
  /// Ends a started task whose body has not returned, and asks the body to stop.
  void give_up(outcome result) noexcept;

  /// An attempt has ended so, with this error: it counts there where leave is given, and is what the task ends with
  /// should there be no other one.
  void end_attempt(outcome how, std::exception_ptr error) noexcept {
    error_ = std::move(error);
    if (details_->gate) details_->gate->leave(how);
  }
  /// Gives: false when it was asked to stop, and so there is no other attempt. Else it waits again.
  bool put_back(outcome how) noexcept { return advance<task_event::put_back>(word_, how).taken; }
  /// There is another attempt. What the last one ended with is forgotten.
  void begin_again() noexcept { error_ = nullptr; }
  /// There is none after all.
  void end_as_before() noexcept { end_between_attempts(state().outcome()); }
  /// The time of the attempt that runs is over. Gives: taken, when that is not the end of the task, and then the
  /// caller hands the step to tell_to_stop(). To be called while the body cannot return.
  task_step overrun(time_point now) noexcept {
    if (plan() == nullptr || details_->expires_at <= now) return {state()};
    return plan()->may_follow(state().attempts() + 1) ? advance<task_event::overrun>(word_) : task_step{state()};
  }
  /// Whether it has been asked to stop for that, and may still be run again when the body has returned.
  bool waits_for_its_body(time_point now) const noexcept {
    const task_state seen = state();
    return seen.overdue() && !seen.stop_requested() && details_->expires_at > now;
  }
  /// Whether a worker process has died before it began this. Gives: what was said before.
  bool set_unbegun(bool so) noexcept { return std::exchange(unbegun_, so); }
  /// Runs code of the user.
  void tell_to_stop(const task_step& step) noexcept { act_on(step); }

  /// Keeps the exception of the body. `retained`: it is to be reported if nobody looks at it.
  void fail(std::exception_ptr error, bool retained) noexcept;
  const std::exception_ptr& error() const noexcept { return error_; }
  /// Hands the error, if there is one, to the one receiver who looks at it. Moved, not copied: from then on the
  /// exception belongs to the receiver's thread alone.
  std::exception_ptr take_error() noexcept {
    observed_ = true;
    return std::exchange(error_, nullptr);
  }

  /// The token of the running body; made when first asked for, by a thread that runs a part of it.
  /// Throws: std::bad_alloc.
  std::stop_token stop_token();
  /// The body shows that it is alive.
  virtual void beat() noexcept {}
  /// Who makes shared buffers for the body; nullptr: nobody.
  virtual buffer_maker* buffers() noexcept { return nullptr; }

  /// Blocks until settled or until `deadline`; a thread that works for a pool waits as its pool wants it to.
  /// Gives: whether it is settled. Throws: would_deadlock.
  bool wait_until(time_point deadline);

  /// Looks for as long as a hand-off between two cores takes, about 3 µs. Gives: whether it is settled.
  bool wait_briefly() const noexcept;
  /// What a thread that is about to sleep until it is settled does first. Gives: whether it is.
  virtual bool look_out(time_point /*deadline*/) noexcept { return wait_briefly(); }
  /// Sleeps until settled or until `deadline`. Gives: whether it is settled.
  bool sleep_until(time_point deadline) noexcept;
  /// The same, also until somebody who waits for it might run it. Gives: false at the deadline.
  bool sleep_until_due(time_point deadline) noexcept;
  /// Such a moment has come: wakes them. The task is there as long as the caller holds a reference.
  void come_due() noexcept { act_on(advance<task_event::come_due>(word_)); }

  /// What is not settled before this task has ended: itself, or what it is a part of.
  virtual const task& whole() const noexcept { return *this; }
  task& whole() noexcept { return const_cast<task&>(std::as_const(*this).whole()); }

  /// Whether somebody who waits for it might run it.
  virtual bool may_start() const noexcept { return waiting() && !delayed(); }
  /// Runs it on this thread if nobody has started it.
  virtual void help() {
    const std::uint32_t ended = state().attempts();
    if (elsewhere() == nullptr && may_start() && start(ended)) owner_->run_here(*this);
  }
  /// Runs it here if nobody has started it, this thread works for its pool, and the pool lets it.
  void help_own() {
    if (owner_ != nullptr && working_for == owner_ && owner_->lets_help()) help();
  }

  /// Resumes `handle` (a coroutine's address) when settled. Gives: false when it is settled already.
  bool follow(void* handle) noexcept {
    follower_ = handle;
    return advance<task_event::follow>(word_).taken;
  }

  void add_reference() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  [[gnu::always_inline]] void drop_reference() noexcept {
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete this;
    }
  }

 private:
  static bool waits_for_other(task_state seen, std::uint32_t ended) noexcept {
    return ended != any_attempt && seen.attempts() != ended;
  }

  // Its stop token was asked for, for the first time in this attempt.
  virtual void stop_is_awaited() {}

  [[gnu::noinline]] bool start_against_others(std::uint32_t ended) noexcept {
    if (details_ && details_->expires_at != time_point::max() && details_->expires_at <= steady::now()) {
      withdraw(outcome::expired, ended);
    }
    return advance<task_event::start>(word_, outcome::value, ended).taken;
  }
  void act_on(const task_step& step) noexcept;
  void end_between_attempts(outcome result) noexcept {
    if (result != outcome::failed)
      error_ = nullptr;
    else if (!posted_)
      fail(std::move(error_), true);
  }
  [[gnu::noinline]] void hand_over(outcome result) noexcept {
    if (details_ && details_->gate) details_->gate->leave(result);
    deliver(result);
  }
  [[gnu::noinline]] void end_of_rare_things() noexcept {
    for (attempt_stop* one = stop_.load(std::memory_order_relaxed); one != nullptr;) {
      delete std::exchange(one, one->before);
    }
    if (!retained_) return;
    if (!observed_) owner_->unobserved(id_, error_);
    owner_->release();
  }

  // How the body of one attempt is told to stop. Those of earlier attempts stay: who asked one of them to stop may
  // still be on the way to it.
  struct attempt_stop {
    attempt_stop* const before;
    const std::uint32_t attempt;
    std::stop_source source{};
  };

  std::atomic<std::uint32_t> word_{0};        // task_state; also what watchers sleep on
  std::atomic<std::uint32_t> references_{1};  // holders of a pointer
  task_owner* owner_ = nullptr;
  task_id id_ = 0;
  std::exception_ptr error_;                  // written before publication
  std::unique_ptr<task_details> details_;     // rare
  std::atomic<attempt_stop*> stop_{nullptr};  // rare; written by a running thread, read by who requests stop
  time_point accepted_at_{};
  void* follower_ = nullptr;  // written before the follow transition
  priority lane_ = priority::normal;
  bool posted_ = false;
  bool delivers_ = false;
  bool in_hand_ = false;
  bool unbegun_ = false;   // a worker process has died with it before it began
  bool observed_ = false;  // written by the holder of the future
  bool retained_ = false;  // the owner is kept alive for the report of an unobserved error
};

inline task::~task() {
  if (stop_.load(std::memory_order_relaxed) != nullptr || retained_) [[unlikely]]
    end_of_rare_things();
}

inline std::string task::describe() const {
  std::string text = "task " + std::to_string(id_);
  if (!name().empty()) text.append(" '").append(name()) += '\'';
  return text;
}

inline bool task::withdraw(outcome result, std::uint32_t ended) noexcept {
  if (owner_ == nullptr) return false;
  task_step withdrawn = advance<task_event::withdraw>(word_, result, ended);
  for (spinner spin; !withdrawn.taken; spin.once()) {
    const bool elsewhere_for_now = withdrawn.next.handed_out() && !waits_for_other(withdrawn.next, ended);
    if (!elsewhere_for_now || !elsewhere()->recall(*this)) return false;
    withdrawn = advance<task_event::withdraw>(word_, result, ended);
  }
  result = withdrawn.next.outcome();
  {
    const guest_visit visit(*owner_);
    if (withdrawn.next.attempts() != 0) end_between_attempts(result);
    drop();
    owner_->withdrawn(*this, result);
  }
  if (delivers_) hand_over(result);
  act_on(advance<task_event::publish>(word_));
  return true;
}

inline cancel_result task::cancel() noexcept {
  for (;;) {
    if (withdraw(outcome::cancelled)) return cancel_result::dequeued;
    if (remote_body* const there = owner_ != nullptr ? elsewhere() : nullptr) {
      const task_state seen = state();
      if (seen.phase() != task_phase::running && seen.phase() != task_phase::queued) return cancel_result::too_late;
      if (seen.phase() == task_phase::running) {
        if (there->stop(*this) == cancel_result::stop_requested) return cancel_result::stop_requested;
        if (!waiting()) return cancel_result::too_late;  // else it was put back meanwhile
      } else if (seen.handed_out() && !there->recall(*this)) {
        return cancel_result::too_late;  // by the process that this one is a fork of
      }
      continue;
    }
    const task_step step = advance<task_event::request_stop>(word_);
    act_on(step);
    if (step.next.phase() == task_phase::running) return cancel_result::stop_requested;
    if (step.next.phase() != task_phase::queued || owner_ == nullptr) return cancel_result::too_late;
    // It was put back between the two.
  }
}

inline void task::finish(outcome result) noexcept {
  if (delivers_) hand_over(result);
  act_on(advance<task_event::finish>(word_, result));
}

inline void task::give_up(outcome result) noexcept {
  const task_step stop = advance<task_event::request_stop>(word_);
  finish(result);
  act_on(stop);  // user code, which may ask for the outcome
}

inline void task::fail(std::exception_ptr error, bool retained) noexcept {
  error_ = std::move(error);
  retained_ = retained;
  if (retained) owner_->retain();
}

inline std::stop_token task::stop_token() {
  const std::uint32_t attempt = state().attempts();
  attempt_stop* one = stop_.load(std::memory_order_acquire);
  if (one == nullptr || one->attempt != attempt) {
    auto made = std::unique_ptr<attempt_stop>(new attempt_stop{one, attempt});
    stop_is_awaited();
    if (stop_.compare_exchange_strong(one, made.get(), std::memory_order_acq_rel)) one = made.release();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either we see the request or the requester sees the source
    const task_state now = state();
    if (now.stop_requested() || now.overdue()) one->source.request_stop();
  }
  return one->source.get_token();
}

inline bool task::wait_until(time_point deadline) {
  if (settled()) return true;
  if (working_for != nullptr) return working_for->wait_inside(*this, deadline);
  return look_out(deadline) || sleep_until(deadline);
}

inline bool task::wait_briefly() const noexcept {
  if (recent_wake::take()) return settled();
  constexpr int short_wait = 96;  // pauses
  spinner spin;
  for (int turn = 0; turn < short_wait; ++turn) {
    if (settled()) return true;
    spin.once();
  }
  return settled();
}

inline bool task::sleep_until(time_point deadline) noexcept {
  for (;;) {
    const task_step step = advance<task_event::watch>(word_);
    if (!step.taken) return true;
    if (!futex_wait_until(word_, step.next.bits(), deadline)) return settled();
  }
}

inline bool task::sleep_until_due(time_point deadline) noexcept {
  for (;;) {
    const task_step step = advance<task_event::watch>(word_);
    if (!step.taken || may_start()) return true;
    if (!futex_wait_until(word_, step.next.bits(), deadline)) return settled();
  }
}

inline void task::act_on(const task_step& step) noexcept {
  if (has(step.actions, task_action::signal_stop)) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    attempt_stop* const one = stop_.load(std::memory_order_acquire);
    if (one != nullptr && one->attempt == step.next.attempts()) one->source.request_stop();
  }
  if (has(step.actions, task_action::wake_watchers)) futex_wake_all(word_);
  if (has(step.actions, task_action::resume_follower)) std::coroutine_handle<>::from_address(follower_).resume();
}

}}}  // namespace workpool::v0::detail
