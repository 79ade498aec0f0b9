#pragma once
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <ctime>

namespace workpool { inline namespace v0 { namespace detail {

inline bool register_membarrier() noexcept {
  return ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/// Whether the system makes the light fence free: Linux 4.14 and later, unless something forbids the call. Asked when
/// the program starts; a fence before that is an ordinary one.
inline const bool light_fence_is_free = register_membarrier();

/// Two fences that together do what two sequentially consistent ones do, where the one thread passes it all the time
/// and the other hardly ever: the light one costs nothing, since the heavy one makes every thread of the process pass a
/// fence. Two light ones order nothing.
/// Threads: any. Cost of the heavy one: a system call that interrupts the other cores of this process, 0.2 to 10 µs.
/// Source: "Asymmetric fences", P1202 of the C++ committee, over membarrier(2).
inline void light_fence() noexcept {
  if (light_fence_is_free) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
}

inline void heavy_fence() noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!light_fence_is_free) return;
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
  // A child of fork on an old kernel has to register itself.
  if (register_membarrier() && ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
  // Forbidden meanwhile, by a sandbox: what a core has stored leaves it within microseconds all the same.
  const timespec long_enough{0, 1'000'000};
  ::nanosleep(&long_enough, nullptr);
}

}}}  // namespace workpool::v0::detail
