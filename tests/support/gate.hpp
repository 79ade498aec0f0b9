#pragma once
#include <atomic>

/// Something tasks wait at until the test lets them go. Threads: any.
class gate {
 public:
  void open() noexcept {
    open_.store(true, std::memory_order_release);
    open_.notify_all();
  }
  void wait() noexcept {
    arrived_.fetch_add(1, std::memory_order_release);
    arrived_.notify_all();
    open_.wait(false, std::memory_order_acquire);
  }
  /// Blocks until `count` threads have come to wait.
  void await_arrivals(int count) noexcept {
    for (int now = 0; (now = arrived_.load(std::memory_order_acquire)) < count;) arrived_.wait(now);
  }

 private:
  std::atomic<bool> open_{false};
  std::atomic<int> arrived_{0};
};
