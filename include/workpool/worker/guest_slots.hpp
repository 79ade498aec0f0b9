#pragma once
#include <algorithm>
#include <mutex>
#include <workpool/worker/run_slot.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The slots of tasks that run elsewhere than directly on a worker: on a thread that asked for it, or nested in another
/// task. A list through the slots themselves, which live on the stacks of their threads.
class guest_slots {
 public:
  /// A slot that is in the list as long as it lives.
  class visitor : public run_slot {
   public:
    explicit visitor(guest_slots& list, worker_id worker = no_worker) noexcept : run_slot(worker), list_(list) {
      const std::lock_guard hold(list_.mutex_);
      next_ = list_.first_;
      if (next_ != nullptr) next_->previous_ = this;
      list_.first_ = this;
    }
    visitor(const visitor&) = delete;
    visitor& operator=(const visitor&) = delete;
    ~visitor() {
      const std::lock_guard hold(list_.mutex_);
      (previous_ != nullptr ? previous_->next_ : list_.first_) = next_;
      if (next_ != nullptr) next_->previous_ = previous_;
    }

   private:
    friend guest_slots;
    guest_slots& list_;
    visitor* next_ = nullptr;
    visitor* previous_ = nullptr;
  };

  struct seizure {
    task* one;  // with one reference for the caller; nullptr: there is none left
    worker_id worker;
  };

  /// Seizes a task that should have ended by `now` (time_point::max(): any that runs). One whose slot was just changing
  /// hands is found by the next call.
  seizure seize_one(time_point now = time_point::max()) noexcept {
    const std::lock_guard hold(mutex_);
    for (visitor* one = first_; one != nullptr; one = one->next_) {
      if (task* const seized = one->seize_late(now)) return {seized, one->worker()};
    }
    return {nullptr, no_worker};
  }

  struct late_attempt {
    run_slot::late_attempt what;
    worker_id worker;
  };

  /// As run_slot::overrun, of any of them.
  late_attempt overrun_one(time_point now) noexcept {
    const std::lock_guard hold(mutex_);
    for (visitor* one = first_; one != nullptr; one = one->next_) {
      if (const run_slot::late_attempt late = one->overrun(now); late.one != nullptr) return {late, one->worker()};
    }
    return {{}, no_worker};
  }

  /// When the next of them is due to be seized.
  time_point next_deadline() const noexcept {
    const std::lock_guard hold(mutex_);
    time_point next = time_point::max();
    for (const visitor* one = first_; one != nullptr; one = one->next_) next = std::min(next, one->deadline());
    return next;
  }

 private:
  mutable std::mutex mutex_;
  visitor* first_ = nullptr;
};

}}}  // namespace workpool::v0::detail
