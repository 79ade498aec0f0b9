#pragma once
#include <thread>

namespace workpool { inline namespace v0 { namespace detail {

/// Tells the core that this thread is spinning.
inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// Waits in a loop for something another thread is about to do: pauses first, then gives the processor away, so that
/// a preempted holder gets to run.
class spinner {
 public:
  void once() noexcept {
    if (++rounds_ % yield_every == 0) {
      std::this_thread::yield();
    } else {
      pause();
    }
  }

 private:
  static constexpr unsigned yield_every = 16;  // measured for the hand-off between two threads of one core
  unsigned rounds_ = 0;
};

}}}  // namespace workpool::v0::detail
