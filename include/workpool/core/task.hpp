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
#include <workpool/core/task_state.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/block_pool.hpp>
#include <workpool/detail/pause.hpp>
#include <workpool/detail/posix/futex.hpp>
#include <workpool/detail/recent_wake.hpp>

namespace workpool { inline namespace v0 { namespace detail {

class task;

/// What a task needs of the pool that accepted it, and a thread of the pool it works for. All of it is off the hot
/// path. Threads: any. A pool stays alive while one of its tasks is not in the books yet, and while it is retained.
class task_owner {
 public:
  /// `one`, which waited, was withdrawn: its place is free and it belongs into the books.
  virtual void withdrawn(task& one, outcome result) noexcept = 0;
  /// The calling thread has started `one`, which still lies in the queue, and wants it run here and now.
  virtual void run_here(task& one) = 0;
  /// This thread works for the pool and waits for `one`, which may belong to any pool.
  /// Gives: whether it is settled. Throws: would_deadlock.
  virtual bool wait_inside(task& one, time_point deadline) = 0;
  /// Whether a thread of the pool may start a task now, in the middle of another one.
  virtual bool lets_help() const noexcept = 0;
  /// The error of a task was never looked at, and now nobody can.
  virtual void unobserved(task_id id, const std::exception_ptr& error) noexcept = 0;
  virtual void retain() noexcept = 0;
  virtual void release() noexcept = 0;

 protected:
  ~task_owner() = default;
};

/// The pool on whose behalf this thread runs user code: as its worker, or as a guest that runs or withdraws a task.
inline thread_local constinit task_owner* working_for = nullptr;

/// Keeps a pool alive and marks the thread while it settles one of the pool's tasks from outside.
class guest_visit {
 public:
  explicit guest_visit(task_owner& owner) noexcept : owner_(owner), before_(std::exchange(working_for, &owner)) {
    owner_.retain();
  }
  guest_visit(const guest_visit&) = delete;
  guest_visit& operator=(const guest_visit&) = delete;
  ~guest_visit() {
    working_for = before_;
    owner_.release();
  }

 private:
  task_owner& owner_;
  task_owner* before_;
};

/// What has to let a task in, and is told how it ended. Threads: enter() by who submits, leave() by who settles.
class attempt_gate {
 public:
  attempt_gate() = default;
  attempt_gate(const attempt_gate&) = delete;
  attempt_gate& operator=(const attempt_gate&) = delete;
  virtual ~attempt_gate() = default;
  virtual bool enter() noexcept = 0;
  virtual void leave(outcome how) noexcept = 0;
};

/// What only some tasks have.
struct task_details {
  std::string name;
  duration timeout = duration::max();         // of one attempt
  time_point expires_at = time_point::max();  // if it has not started by then
  std::uint64_t key = 0;
  std::unique_ptr<attempt_gate> gate{};
  bool outside_queue = false;        // takes no place in the queue
  std::atomic<bool> delayed{false};  // its time has not come; whoever resets it takes it out of the count
};

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
  /// It was not accepted after all.
  void disown() noexcept { owner_ = nullptr; }

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
  /// Gives: whether it may be submitted.
  bool may_enter() noexcept { return !details_ || !details_->gate || details_->gate->enter(); }

  task_id id() const noexcept { return id_; }
  priority lane() const noexcept { return lane_; }
  bool posted() const noexcept { return posted_; }
  std::string_view name() const noexcept { return details_ ? std::string_view(details_->name) : std::string_view(); }
  duration timeout() const noexcept { return details_ ? details_->timeout : duration::max(); }
  time_point expires_at() const noexcept { return details_ ? details_->expires_at : time_point::max(); }
  std::uint64_t key() const noexcept { return details_ ? details_->key : 0; }
  bool delayed() const noexcept { return details_ && details_->delayed.load(std::memory_order_acquire); }
  /// Gives: true for the one caller that ends the delay.
  bool end_delay() noexcept { return delayed() && details_->delayed.exchange(false, std::memory_order_acq_rel); }
  bool outside_queue() const noexcept { return in_hand_ || (details_ && details_->outside_queue); }
  /// Whether it has a name, a limit, or anything else that is rare.
  bool has_details() const noexcept { return details_ != nullptr; }
  /// Whether a timeout or an expiry has to be watched.
  bool is_limited() const noexcept { return timeout() != duration::max() || expires_at() != time_point::max(); }
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

  /// Gives: true for the one caller that may and must run it. One whose time has run out expires instead.
  [[gnu::always_inline]] bool start() noexcept {
    if (unwatched()) {  // nobody to compete with
      constexpr task_step first = transition(task_state(0), task_event::start, outcome::value);
      static_assert(first.taken);
      if (word_.load(std::memory_order_acquire) != 0) return false;
      word_.store(first.next.bits(), std::memory_order_relaxed);
      return true;
    }
    return start_against_others();
  }

  /// Makes sure that a waiting task never runs: destroys the callable, counts it, tells who waits.
  /// Gives: false when it no longer waits, or was never accepted; nothing has changed then.
  bool withdraw(outcome result) noexcept;

  virtual cancel_result cancel() noexcept;

  /// Ends a started task. The callable is already destroyed.
  void finish(outcome result) noexcept;
  /// Ends a started task whose body has not returned, and asks the body to stop.
  void give_up(outcome result) noexcept;

  /// Keeps the exception of the body. `retained`: it is to be reported if nobody looks at it.
  void fail(std::exception_ptr error, bool retained) noexcept;
  /// Hands the error, if there is one, to the one receiver who looks at it. Moved, not copied: from then on the
  /// exception belongs to the receiver's thread alone.
  std::exception_ptr take_error() noexcept {
    observed_ = true;
    return std::exchange(error_, nullptr);
  }

  /// The token of the running body; made when first asked for, by a thread that runs a part of it.
  /// Throws: std::bad_alloc.
  std::stop_token stop_token();

  /// Blocks until settled or until `deadline`; a thread that works for a pool waits as its pool wants it to.
  /// Gives: whether it is settled. Throws: would_deadlock.
  bool wait_until(time_point deadline);

  /// Looks for as long as a hand-off between two cores takes, about 3 µs. Gives: whether it is settled.
  bool wait_briefly() const noexcept;
  /// Sleeps until settled or until `deadline`. Gives: whether it is settled.
  bool sleep_until(time_point deadline) noexcept;

  /// What is not settled before this task has ended: itself, or what it is a part of.
  virtual const task& whole() const noexcept { return *this; }

  /// Whether somebody who waits for it might run it.
  virtual bool may_start() const noexcept { return waiting() && !delayed(); }
  /// Runs it on this thread if nobody has started it.
  virtual void help() {
    if (may_start() && start()) owner_->run_here(*this);
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
  [[gnu::noinline]] bool start_against_others() noexcept {
    if (details_ && details_->expires_at != time_point::max() && details_->expires_at <= steady::now()) {
      withdraw(outcome::expired);
    }
    return advance<task_event::start>(word_).taken;
  }
  void act_on(const task_step& step) noexcept;
  [[gnu::noinline]] void hand_over(outcome result) noexcept {
    if (details_ && details_->gate) details_->gate->leave(result);
    deliver(result);
  }
  [[gnu::noinline]] void end_of_rare_things() noexcept {
    delete stop_.load(std::memory_order_relaxed);
    if (!retained_) return;
    if (!observed_) owner_->unobserved(id_, error_);
    owner_->release();
  }

  std::atomic<std::uint32_t> word_{0};        // task_state; also what watchers sleep on
  std::atomic<std::uint32_t> references_{1};  // holders of a pointer
  task_owner* owner_ = nullptr;
  task_id id_ = 0;
  std::exception_ptr error_;                      // written before publication
  std::unique_ptr<task_details> details_;         // rare
  std::atomic<std::stop_source*> stop_{nullptr};  // rare; written by a running thread, read by who requests stop
  time_point accepted_at_{};
  void* follower_ = nullptr;  // written before the follow transition
  priority lane_ = priority::normal;
  bool posted_ = false;
  bool delivers_ = false;
  bool in_hand_ = false;
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

inline bool task::withdraw(outcome result) noexcept {
  if (owner_ == nullptr || !advance<task_event::withdraw>(word_, result).taken) return false;
  {
    const guest_visit visit(*owner_);
    drop();
    owner_->withdrawn(*this, result);
  }
  if (delivers_) hand_over(result);
  act_on(advance<task_event::publish>(word_));
  return true;
}

inline cancel_result task::cancel() noexcept {
  if (withdraw(outcome::cancelled)) return cancel_result::dequeued;
  const task_step step = advance<task_event::request_stop>(word_);
  act_on(step);
  return step.next.phase() == task_phase::running ? cancel_result::stop_requested : cancel_result::too_late;
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
  std::stop_source* source = stop_.load(std::memory_order_acquire);
  if (source == nullptr) {
    auto made = std::make_unique<std::stop_source>();
    if (stop_.compare_exchange_strong(source, made.get(), std::memory_order_acq_rel)) source = made.release();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // either we see the request or the requester sees the source
    if (state().stop_requested()) source->request_stop();
  }
  return source->get_token();
}

inline bool task::wait_until(time_point deadline) {
  if (settled()) return true;
  if (working_for != nullptr) return working_for->wait_inside(*this, deadline);
  return wait_briefly() || sleep_until(deadline);
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

inline void task::act_on(const task_step& step) noexcept {
  if (has(step.actions, task_action::signal_stop)) {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (std::stop_source* source = stop_.load(std::memory_order_acquire)) source->request_stop();
  }
  if (has(step.actions, task_action::wake_watchers)) futex_wake_all(word_);
  if (has(step.actions, task_action::resume_follower)) std::coroutine_handle<>::from_address(follower_).resume();
}

}}}  // namespace workpool::v0::detail
