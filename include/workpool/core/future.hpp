#pragma once
#include <coroutine>
#include <future>
#include <optional>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/result_task.hpp>
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 {

namespace detail {
struct future_access;
}

template <class T>
class [[nodiscard("keep the future of a task, or use post(), which makes none")]] future;
template <class T>
class [[nodiscard("try_submit may have refused the task: look at what it answers")]] submit_result;

/// Asks get() to run the task on the calling thread when nobody has started it yet.
struct help_t {
  explicit help_t() = default;
};
inline constexpr help_t help{};

/// The result of a task, to be collected once.
///
/// Threads: any number may wait(), cancel() and look at one future at the same time; get(), move and destruction belong
/// to one of them, after the others. May outlive its pool.
/// Blocks: get() and wait…() only. Dropping a future neither blocks nor cancels. A worker that waits for a task of its
/// own pool runs it itself if nobody has started it, and otherwise has a spare worker stand in for it.
/// Throws: every member but valid() and the noexcept ones throws no_state on an empty future; what waits without limit
/// for a task that itself waits for the caller throws would_deadlock, which leaves everything as it was.
template <class T>
class future {
 public:
  future() noexcept = default;
  /// Takes over one reference; for the pools.
  explicit future(detail::result_task<T>* one) noexcept : task_(one) {}
  future(future&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  future& operator=(future&& other) noexcept {
    future moved(std::move(other));
    std::swap(task_, moved.task_);
    return *this;
  }
  ~future() {
    if (task_ != nullptr) task_->drop_reference();
  }

  bool valid() const noexcept { return task_ != nullptr; }
  /// Whether get() would not block; false when empty.
  bool ready() const noexcept { return valid() && task_->settled(); }

  /// The value, or what the task threw, or task_cancelled, task_discarded … for one that ended without either.
  /// Leaves the future empty.
  T get() {
    wait();
    const reference holder(std::exchange(task_, nullptr));
    if (holder.task->state().outcome() != outcome::value) {
      detail::raise_outcome(*holder.task, holder.task->state().outcome());
    }
    return holder.task->take();
  }

  T get(help_t) {
    checked().help();
    return get();
  }

  void wait() const { checked().wait_until(time_point::max()); }
  std::future_status wait_for(duration limit) const { return wait_until(after(steady::now(), limit)); }
  std::future_status wait_until(time_point deadline) const {
    return checked().wait_until(deadline) ? std::future_status::ready : std::future_status::timeout;
  }

  /// A waiting task never runs and its captures are destroyed before this returns; a running one is asked to stop.
  /// Gives: too_late for an empty future.
  cancel_result cancel() noexcept { return valid() ? task_->cancel() : cancel_result::too_late; }

  /// Gives: 0 when empty.
  task_id id() const noexcept { return valid() ? task_->id() : 0; }

  /// How the task ended; none while it is not settled.
  std::optional<workpool::outcome> outcome() const noexcept {
    if (!ready()) return std::nullopt;
    return task_->state().outcome();
  }

  struct awaiter;
  /// Resumes the coroutine on the thread that settles the task: the worker that ran it, or who cancelled it.
  awaiter operator co_await() && {
    checked();
    return awaiter{std::move(*this)};
  }

 private:
  friend detail::future_access;
  struct reference {
    explicit reference(detail::result_task<T>* one) noexcept : task(one) {}
    reference(const reference&) = delete;
    reference& operator=(const reference&) = delete;
    ~reference() { task->drop_reference(); }
    detail::result_task<T>* task;
  };

  detail::result_task<T>& checked() const {
    if (task_ == nullptr) raise(errc::no_state, "this future is empty: its result was taken, or it never had a task");
    return *task_;
  }

  detail::result_task<T>* task_ = nullptr;
};

template <class T>
struct future<T>::awaiter {
  future<T> awaited;

  bool await_ready() const noexcept { return awaited.ready(); }
  bool await_suspend(std::coroutine_handle<> waiting) noexcept { return awaited.task_->follow(waiting.address()); }
  T await_resume() { return awaited.get(); }
};

namespace detail {

/// For pools and algorithms, which do more to the tasks behind futures than a user may.
struct future_access {
  /// Throws: no_state for an empty future.
  template <class T>
  static result_task<T>& checked(const future<T>& one) {
    return one.checked();
  }
  /// Gives: nullptr for an empty future.
  template <class T>
  static result_task<T>* task_of(const future<T>& one) noexcept {
    return one.task_;
  }
};

}  // namespace detail

/// A future, or the reason why there is none: what try_submit answers.
template <class T>
class submit_result {
 public:
  submit_result(future<T> accepted) noexcept : future_(std::move(accepted)) {}
  submit_result(errc refused) noexcept : error_(refused) {}

  explicit operator bool() const noexcept { return future_.valid(); }
  /// The future. Throws: where there is none, the exception that submit would have thrown.
  future<T>& operator*() & { return checked(); }
  future<T>&& operator*() && { return std::move(checked()); }
  /// Why there is no future; errc() (0) when there is one.
  errc error() const noexcept { return error_; }

 private:
  future<T>& checked() {
    if (error_ != errc()) {
      raise(error_,
            "the task was refused: " + make_error_code(error_).message() + "; look at error() before the future");
    }
    return future_;
  }

  future<T> future_;
  errc error_{};
};

}}  // namespace workpool::v0
