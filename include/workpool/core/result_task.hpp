#pragma once
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A task with room for its result. References are kept as pointers.
template <class Result>
class result_task : public task {
 public:
  static_assert(std::is_nothrow_destructible_v<Result>,
                "the result of a task must have a destructor that cannot throw");
  static_assert(!std::is_rvalue_reference_v<Result>,
                "a task cannot return an rvalue reference, which would outlive what it refers to: return a value");
  using stored =
      std::conditional_t<std::is_reference_v<Result>, std::remove_reference_t<Result>*, std::remove_const_t<Result>>;

  ~result_task() override { forget(); }

  /// Constructs the result in place from what `produce()` returns. Throws: what it throws.
  template <class Produce>
  void store(Produce&& produce) {
    if constexpr (std::is_reference_v<Result>) {
      value_ = std::addressof(std::forward<Produce>(produce)());
    } else {
      ::new (static_cast<void*>(std::addressof(value_))) stored(std::forward<Produce>(produce)());
    }
    present_ = true;
  }

  /// Destroys the result, if there is one.
  void forget() noexcept {
    if (std::exchange(present_, false)) std::destroy_at(std::addressof(value_));
  }

  Result take() {
    if constexpr (std::is_reference_v<Result>) {
      return static_cast<Result>(*value_);
    } else {
      return std::move(value_);
    }
  }

 protected:
  result_task() noexcept {}

 private:
  union {
    stored value_;
  };
  bool present_ = false;
};

template <>
class result_task<void> : public task {
 public:
  template <class Produce>
  void store(Produce&& produce) {
    std::forward<Produce>(produce)();
  }
  void forget() noexcept {}
  void take() noexcept {}
};

/// Throws what get() throws for a task that ended without a value.
[[noreturn]] inline void raise_outcome(task& one, outcome result) {
  if (std::exception_ptr error = one.take_error()) std::rethrow_exception(std::move(error));
  const std::string who = one.describe();
  switch (result) {
    case outcome::cancelled:
      raise(errc::task_cancelled, who + " was cancelled");
    case outcome::expired:
      raise(errc::task_expired, who + " waited longer than its expires_after");
    case outcome::timed_out:
      // A thread cannot be killed, so what a body refers to can be gone before it.
      raise(errc::task_timeout, who + " ran longer than its timeout" +
                                    (one.elsewhere() != nullptr ? ""
                                                                : "; its body is asked to stop and may still be "
                                                                  "running: let it own what it uses"));
    case outcome::discarded:
      raise(errc::task_discarded, who + " was discarded before it started");
    case outcome::pool_broken:
      raise(errc::pool_broken, who + " cannot run: its pool has no worker left");
    case outcome::worker_lost:
      raise(errc::worker_lost, who + " was lost: the worker that ran it ended");
    case outcome::value:
    case outcome::failed:
      break;
  }
  raise(errc::no_state, who + " has no result");
}

}}}  // namespace workpool::v0::detail
