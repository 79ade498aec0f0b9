#pragma once
#include <atomic>
#include <cstdint>

namespace workpool { inline namespace v0 { namespace detail {

/// A number no other task of this process has. Every thread takes them in blocks, so that submitters share no counter.
inline std::uint64_t next_task_number() noexcept {
  constexpr std::uint64_t block = 1024;
  static std::atomic<std::uint64_t> next{1};
  static thread_local constinit std::uint64_t mine = 0;
  static thread_local constinit std::uint64_t left = 0;
  if (left == 0) {
    mine = next.fetch_add(block, std::memory_order_relaxed);
    left = block;
  }
  --left;
  return mine++;
}

}}}  // namespace workpool::v0::detail
