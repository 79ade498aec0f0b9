#pragma once
#include <utility>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 {

/// A task as it lies in a queue: move-only, one pointer. What a queue of a pool holds. It waits there for its first
/// attempt; what comes of others is none of the queue's business.
///
/// A queue hands every task_ref out once, or destroys it: a task that is thrown away before it was taken ends
/// `discarded`, so that no queue, however it is written, can leave a future without an outcome.
/// Threads: as a pointer; one thread at a time.
class task_ref {
 public:
  task_ref() noexcept = default;
  /// Takes over one reference.
  explicit task_ref(detail::task* one) noexcept : task_(one) {}
  task_ref(task_ref&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  task_ref& operator=(task_ref&& other) noexcept {
    task_ref(std::move(other)).swap(*this);
    return *this;
  }
  ~task_ref() {
    if (task_ == nullptr) return;
    task_->withdraw(outcome::discarded, 0);
    task_->drop_reference();
  }

  /// Takes the task out of the waiting state in order to run it.
  /// Gives: false when it was cancelled, or expired, while it waited: throw it away and look for another.
  bool take() noexcept { return task_->start(); }

  /// Whether it has neither been taken nor withdrawn.
  bool waiting() const noexcept { return task_->waits_for(0); }

  explicit operator bool() const noexcept { return task_ != nullptr; }
  detail::task* get() const noexcept { return task_; }
  detail::task* release() noexcept { return std::exchange(task_, nullptr); }
  void swap(task_ref& other) noexcept { std::swap(task_, other.task_); }

 private:
  detail::task* task_ = nullptr;
};

}}  // namespace workpool::v0
