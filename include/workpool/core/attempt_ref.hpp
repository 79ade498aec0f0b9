#pragma once
#include <cstdint>
#include <utility>
#include <workpool/core/outcome.hpp>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// One attempt of a task, which waits outside the queue. While it lies there somebody else may run it, and the task may
/// come to wait for another attempt: then this reference means nothing any more.
/// Threads: as a pointer; one thread at a time. An attempt that is thrown away while it waits ends `discarded`.
class attempt_ref {
 public:
  /// Takes over one reference of a task that waits, or will, for the attempt after so many.
  attempt_ref(task* one, std::uint32_t ended) noexcept : task_(one), ended_(ended) {}
  attempt_ref(attempt_ref&& other) noexcept : task_(std::exchange(other.task_, nullptr)), ended_(other.ended_) {}
  attempt_ref& operator=(attempt_ref&&) = delete;
  ~attempt_ref() {
    if (task_ == nullptr) return;
    withdraw(outcome::discarded);
    task_->drop_reference();
  }

  /// Takes the task out of the waiting state in order to run it. Gives: false when it is not what it waits for.
  bool take() noexcept { return task_->start(ended_); }
  bool withdraw(outcome result) noexcept { return task_->withdraw(result, ended_); }
  bool waiting() const noexcept { return task_->waits_for(ended_); }

  std::uint32_t ended() const noexcept { return ended_; }
  task* get() const noexcept { return task_; }
  task* release() noexcept { return std::exchange(task_, nullptr); }

 private:
  task* task_;
  std::uint32_t ended_;
};

}}}  // namespace workpool::v0::detail
