#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>
#include <workpool/core/task.hpp>
#include <workpool/core/task_ref.hpp>

namespace workpool_test {

/// Marks this thread, as long as it lives, as a worker of a pool.
class as_worker_of {
 public:
  explicit as_worker_of(workpool::detail::task_owner& owner)
      : before_(std::exchange(workpool::detail::working_for, &owner)) {}
  as_worker_of(const as_worker_of&) = delete;
  as_worker_of& operator=(const as_worker_of&) = delete;
  ~as_worker_of() { workpool::detail::working_for = before_; }

 private:
  workpool::detail::task_owner* before_;
};

/// A pool of which nothing is left but its books: what tasks tell their owner, written down.
/// Threads: any; look at the lists when the others are joined.
class fake_owner final : public workpool::detail::task_owner {
 public:
  using task = workpool::detail::task;
  struct withdrawal {
    workpool::task_id id;
    workpool::outcome result;
    bool operator==(const withdrawal&) const = default;
  };
  struct unseen_error {
    workpool::task_id id;
    std::exception_ptr error;
  };

  ~fake_owner() = default;

  void withdrawn(task& one, workpool::outcome result) noexcept override {
    const std::lock_guard hold(mutex_);
    withdrawals.push_back({one.id(), result});
    if (on_withdrawn) on_withdrawn(one);
  }
  void run_here(task& one) override {
    ++runs_here;
    const as_worker_of mark(*this);
    run_started(one);
  }
  bool wait_inside(task& one, workpool::time_point deadline) override {
    if (one.belongs_to(*this)) one.help();
    return one.sleep_until(deadline);
  }
  bool lets_help() const noexcept override { return true; }
  void unobserved(workpool::task_id id, const std::exception_ptr& error) noexcept override {
    const std::lock_guard hold(mutex_);
    unobserved_errors.push_back({id, error});
  }
  void retain() noexcept override { ++retained; }
  void release() noexcept override { ++released; }

  /// How many more calls of retain there were than of release.
  int held() const noexcept { return retained - released; }

  /// What a worker does with a task it has started: body, callable, outcome, in this order.
  static void run_started(task& one) noexcept {
    std::exception_ptr error;
    auto result = workpool::outcome::value;
    try {
      one.invoke();
    } catch (...) {
      error = std::current_exception();
      result = workpool::outcome::failed;
    }
    one.drop();
    if (error) one.fail(std::move(error), !one.posted());
    one.finish(result);
  }

  /// What a worker does with what it finds in its queue. Gives: false when the task was withdrawn before.
  static bool run(workpool::task_ref queued) noexcept {
    if (!queued.take()) return false;
    run_started(*queued.get());
    return true;
  }

  std::function<void(const task&)> on_withdrawn;  // called within withdrawn
  std::vector<withdrawal> withdrawals;
  std::vector<unseen_error> unobserved_errors;
  std::atomic<int> runs_here{0}, retained{0}, released{0};

 private:
  std::mutex mutex_;
};

}  // namespace workpool_test
