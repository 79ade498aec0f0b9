#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include <workpool/core/clock.hpp>
#include <workpool/core/subscription.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// A function to be called once, unless it is cancelled before. It is destroyed as soon as it has returned.
class clock_call final : public attached_handler {
 public:
  explicit clock_call(std::function<void()> function) noexcept : function_(std::move(function)) {}

  void run() {
    std::unique_lock lock(mutex_);
    if (cancelled_) return;
    enter();
    lock.unlock();
    const leave_at_end leaving{*this};
    function_();
  }

 private:
  struct leave_at_end {
    clock_call& call;
    ~leave_at_end() {
      std::unique_lock lock(call.mutex_);
      call.cancelled_ = true;
      call.leave(lock);
    }
  };

  void drop() noexcept override { function_ = nullptr; }

  std::function<void()> function_;
};

}  // namespace detail

/// A clock that a test turns by hand; it stands still in between.
/// Threads: any. Functions run on the thread that advances, without a lock; they may use the clock, also advance it.
class manual_clock {
 public:
  using duration = workpool::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = workpool::time_point;
  static constexpr bool is_steady = true;

  explicit manual_clock(time_point start = time_point{}) noexcept : now_(start) {}
  ~manual_clock() {
    for (const auto& [when, call] : calls_) call->cancel();
  }
  manual_clock(const manual_clock&) = delete;
  manual_clock& operator=(const manual_clock&) = delete;

  time_point now() const noexcept { return now_.load(std::memory_order_acquire); }

  /// Goes `step` forward and runs what becomes due on the way, also what is added meanwhile. The clock shows each
  /// function its own time. A step of 0 or less runs what is due already.
  /// Order: by time, then by the order of call_at.
  /// Blocks: while another thread advances this clock.
  /// Throws: what a function throws; the clock then stands at that function's time, and what follows is still due.
  void advance(duration step) {
    const turn mine(*this);
    const time_point target = after(now(), std::max(step, duration::zero()));
    while (const auto call = next_due(target)) call->run();
  }

  /// Has `function` called when the clock reaches `when`; a time that has passed is reached by the next advance.
  /// Throws: std::bad_function_call when the function is empty.
  subscription call_at(time_point when, std::function<void()> function) {
    if (!function) throw std::bad_function_call();
    const auto call = std::make_shared<detail::clock_call>(std::move(function));
    const std::lock_guard lock(mutex_);
    calls_.emplace(when, call);
    return subscription(call);
  }

 private:
  /// Lets one thread at a time advance, as often nested as it likes.
  class turn {
   public:
    explicit turn(manual_clock& clock) : clock_(clock) {
      const auto me = std::this_thread::get_id();
      std::unique_lock lock(clock_.mutex_);
      clock_.turn_ended_.wait(lock, [&] { return clock_.turning_ == std::thread::id{} || clock_.turning_ == me; });
      outer_ = std::exchange(clock_.turning_, me);
    }
    ~turn() {
      const std::lock_guard lock(clock_.mutex_);
      clock_.turning_ = outer_;
      clock_.turn_ended_.notify_all();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

   private:
    manual_clock& clock_;
    std::thread::id outer_;  // this thread when nested, else none
  };

  /// Takes out the next call until `target` and sets the clock to its time; to the target when there is none.
  std::shared_ptr<detail::clock_call> next_due(time_point target) {
    const std::lock_guard lock(mutex_);
    const auto next = calls_.begin();
    const bool due = next != calls_.end() && next->first <= target;
    now_.store(std::max(now(), due ? next->first : target), std::memory_order_release);
    return due ? std::move(calls_.extract(next).mapped()) : nullptr;
  }

  std::atomic<time_point> now_;  // written by the thread whose turn it is; never goes back
  std::mutex mutex_;
  std::condition_variable turn_ended_;
  std::thread::id turning_;
  std::multimap<time_point, std::shared_ptr<detail::clock_call>> calls_;  // keeps the order of equal times
};

static_assert(monotonic_clock<manual_clock>);

}}  // namespace workpool::v0
