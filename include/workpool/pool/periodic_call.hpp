#pragma once
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <workpool/core/call_task.hpp>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/core/subscription.hpp>
#include <workpool/pool/timekeeper.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The first turn after `now` of a series that began at `start`: a pure calculation, so that no turn drifts and every
/// turn that is late is skipped. Gives: time_point::max() when there is none.
constexpr time_point next_turn(time_point start, duration every, time_point now) noexcept {
  if (now < start) return after(start, every);
  const auto gone = (now - start) / every;  // whole turns
  if (gone >= (time_point::max() - start) / every) return time_point::max();
  return start + (gone + 1) * every;
}

/// A function to be called again and again. A Pool posts its turns: post_turn(series), book(when, appointment).
template <class Pool>
class periodic_call : public attached_handler, public std::enable_shared_from_this<periodic_call<Pool>> {
 public:
  periodic_call(Pool& pool, duration every) noexcept : pool_(pool), every_(every), start_(steady::now()) {}

  /// Books the next turn. Throws: std::bad_alloc, spawn_failed, pool_stopped.
  void book_next() {
    const time_point when = next_turn(start_, every_, steady::now());
    pool_.book(when, std::make_unique<turn>(this->shared_from_this()));
  }

  /// One turn. What the function throws goes to the caller.
  void run() {
    std::unique_lock lock(mutex_);
    if (cancelled_) return;
    enter();
    lock.unlock();
    const struct leaving {
      periodic_call& series;
      ~leaving() {
        std::unique_lock lock(series.mutex_);
        series.leave(lock);
      }
    } at_the_end{*this};
    call();
  }

  /// What a pool runs for one turn: however it ends, also when it never starts, the next turn is booked.
  class body {
   public:
    explicit body(std::shared_ptr<periodic_call> series) noexcept : series_(std::move(series)) {}
    body(body&&) noexcept = default;
    body& operator=(body&&) = delete;
    ~body() {
      if (series_ != nullptr) go_on(*series_);
    }
    void operator()() { series_->run(); }

    /// Gives: the task that is this turn. Throws: std::bad_alloc.
    static task* as_task(body one) {
      const std::shared_ptr<periodic_call> series = one.series_;
      return series->task_of(std::move(one));
    }

   private:
    std::shared_ptr<periodic_call> series_;
  };

 private:
  class turn final : public appointment {
   public:
    explicit turn(std::shared_ptr<periodic_call> series) noexcept : series_(std::move(series)) {}
    ~turn() override {
      if (series_ != nullptr) series_->cancel();  // the timer ends before the time of this turn
    }
    void keep() noexcept override {
      if (const auto series = std::move(series_); !series->cancelled()) series->pool_.post_turn(body(series));
    }
    bool moot() const noexcept override { return series_->cancelled(); }  // only while it is booked

   private:
    std::shared_ptr<periodic_call> series_;
  };

  static void go_on(periodic_call& series) noexcept {
    if (series.cancelled()) return;
    try {
      series.book_next();
    } catch (...) {
      series.cancel();  // no memory, or a shutdown has begun: this was the last turn
    }
  }

  virtual void call() = 0;
  virtual task* task_of(body one) = 0;

  Pool& pool_;
  const duration every_;
  const time_point start_;
};

template <class Pool, class F>
class periodic_function final : public periodic_call<Pool> {
 public:
  template <class G>
  periodic_function(Pool& pool, duration every, G&& function)
      : periodic_call<Pool>(pool, every), function_(std::in_place, std::forward<G>(function)) {}

 private:
  using body = typename periodic_call<Pool>::body;

  void call() override { (*function_)(); }
  task* task_of(body one) override { return new call_task<body>(std::move(one)); }
  void drop() noexcept override { function_.reset(); }

  std::optional<F> function_;
};

/// Gives: the interval. Throws: bad_config.
inline duration checked_interval(duration every) {
  if (every > duration::zero()) return every;
  throw bad_config("interval", "the interval of post_every is " + in_words(every) + ": it must be above 0");
}

}}}  // namespace workpool::v0::detail
