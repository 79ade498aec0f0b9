#pragma once
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdint>
#include <ctime>

namespace workpool { inline namespace v0 { namespace detail {

using futex_word = std::atomic<std::uint32_t>;
static_assert(sizeof(futex_word) == sizeof(std::uint32_t) && futex_word::is_always_lock_free);

/// Which sleepers of one word a wake is meant for: those that have a bit in common with it.
using futex_mask = std::uint32_t;
inline constexpr futex_mask any_sleeper = FUTEX_BITSET_MATCH_ANY;

/// Whose threads sleep on a word: those of this process, or of every process that has the memory it lies in.
enum class futex_scope : int { process = FUTEX_PRIVATE_FLAG, shared = 0 };

inline long futex_call(const futex_word& word, int operation, std::uint32_t value, const timespec* deadline,
                       futex_mask who = any_sleeper, futex_scope scope = futex_scope::process) noexcept {
  return ::syscall(SYS_futex, &word, operation | static_cast<int>(scope), value, deadline, nullptr, who);
}

/// Sleeps while `word` holds `expected`. May return early without cause: callers loop.
/// Blocks: until a wake, a change of the word that came first, or a signal.
inline void futex_wait(const futex_word& word, std::uint32_t expected, futex_mask me = any_sleeper,
                       futex_scope scope = futex_scope::process) noexcept {
  futex_call(word, FUTEX_WAIT_BITSET, expected, nullptr, me, scope);
}

/// The same, at most until `deadline` on the steady clock (time_point::max(): no limit).
/// Gives: false when the deadline passed, true for every other cause.
inline bool futex_wait_until(const futex_word& word, std::uint32_t expected,
                             std::chrono::steady_clock::time_point deadline, futex_mask me = any_sleeper,
                             futex_scope scope = futex_scope::process) noexcept {
  if (deadline == std::chrono::steady_clock::time_point::max()) {
    futex_wait(word, expected, me, scope);
    return true;
  }
  const auto since_boot = deadline.time_since_epoch();
  if (since_boot <= std::chrono::nanoseconds::zero()) return false;
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since_boot);
  timespec limit{};
  limit.tv_sec = static_cast<std::time_t>(whole.count());
  limit.tv_nsec = static_cast<long>((since_boot - whole).count());
  return futex_call(word, FUTEX_WAIT_BITSET, expected, &limit, me, scope) == 0 || errno != ETIMEDOUT;
}

/// Wakes at most `count` sleepers of `word`.
inline void futex_wake(const futex_word& word, std::uint32_t count) noexcept {
  futex_call(word, FUTEX_WAKE, count, nullptr);
}

inline void futex_wake_all(const futex_word& word, futex_scope scope = futex_scope::process) noexcept {
  futex_call(word, FUTEX_WAKE, INT_MAX, nullptr, any_sleeper, scope);
}

/// Wakes all sleepers of `word` that `who` means.
inline void futex_wake_some(const futex_word& word, futex_mask who) noexcept {
  futex_call(word, FUTEX_WAKE_BITSET, INT_MAX, nullptr, who);
}

}}}  // namespace workpool::v0::detail
