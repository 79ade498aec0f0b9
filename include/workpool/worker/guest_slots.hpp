#pragma once
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
    explicit visitor(guest_slots& list) noexcept : list_(list) {
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

  /// Gives: a task that is being run, seized; nullptr when there is none left.
  task* seize_one() noexcept {
    const std::lock_guard hold(mutex_);
    for (visitor* one = first_; one != nullptr; one = one->next_) {
      if (task* const seized = one->seize()) return seized;
    }
    return nullptr;
  }

 private:
  std::mutex mutex_;
  visitor* first_ = nullptr;
};

}}}  // namespace workpool::v0::detail
