#pragma once
#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace workpool { inline namespace v0 { namespace detail {

/// Where the stack of this thread ends, and how little of it is too little for user code.
struct stack_bounds {
  std::uintptr_t lowest = 0;  // 0: not known
  std::size_t reserve = 0;

  static stack_bounds of_this_thread() noexcept {
    constexpr std::size_t enough = std::size_t{512} << 10;  // for one more task, however it is written
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return {};
    void* lowest = nullptr;
    std::size_t size = 0;
    const bool known = ::pthread_attr_getstack(&attributes, &lowest, &size) == 0;
    ::pthread_attr_destroy(&attributes);
    if (!known) return {};
    return {reinterpret_cast<std::uintptr_t>(lowest), std::min(enough, size / 4)};
  }
};

/// Whether this thread had better not nest any further. Cost: the first call of a thread is a system call or two.
inline bool stack_nearly_used() noexcept {
  static thread_local const stack_bounds mine = stack_bounds::of_this_thread();
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  return mine.lowest != 0 && here - mine.lowest < mine.reserve;
}

}}}  // namespace workpool::v0::detail
