#pragma once
#include <atomic>
#include <cstddef>

namespace workpool { inline namespace v0 { namespace detail {

/// A small number for the calling thread, handed out in order of first use: what threads are spread over slots by.
inline std::size_t thread_number() noexcept {
  static std::atomic<std::size_t> next{1};
  static thread_local constinit std::size_t mine = 0;  // 0: none yet
  if (mine == 0) mine = next.fetch_add(1, std::memory_order_relaxed);
  return mine - 1;
}

}}}  // namespace workpool::v0::detail
