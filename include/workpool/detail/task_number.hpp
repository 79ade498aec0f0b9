#pragma once
#include <atomic>
#include <cstdint>
#include <utility>
#include <workpool/config.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The first of `count` numbers that follow each other and that no other task of this process has. Every thread takes
/// them in blocks, so that submitters share no counter.
WORKPOOL_ONE_PER_PROCESS inline std::uint64_t next_task_numbers(std::uint64_t count) noexcept {
  constexpr std::uint64_t block = 1024;
  static std::atomic<std::uint64_t> next{1};
  static thread_local constinit std::uint64_t mine = 0;
  static thread_local constinit std::uint64_t left = 0;
  if (left < count) {
    if (count > block / 2) return next.fetch_add(count, std::memory_order_relaxed);
    mine = next.fetch_add(block, std::memory_order_relaxed);
    left = block;
  }
  left -= count;
  return std::exchange(mine, mine + count);
}
inline std::uint64_t next_task_number() noexcept { return next_task_numbers(1); }

}}}  // namespace workpool::v0::detail
