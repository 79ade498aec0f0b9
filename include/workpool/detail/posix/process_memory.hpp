#pragma once
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <string_view>
#include <system_error>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The second number of /proc/<pid>/statm, the resident pages. Gives: nothing for any other text.
inline std::optional<std::size_t> resident_pages(std::string_view statm) noexcept {
  const std::size_t gap = statm.find(' ');
  if (gap == statm.npos) return std::nullopt;
  std::size_t pages = 0;
  const auto [end, problem] = std::from_chars(statm.data() + gap + 1, statm.data() + statm.size(), pages);
  const bool whole = problem == std::errc() && (end == statm.data() + statm.size() || *end == ' ');
  return whole ? std::optional<std::size_t>(pages) : std::nullopt;
}

/// The memory of one process that is not swapped out. Keeps a descriptor open, so that a look is one system call, and
/// means the same process even when its number is given to another one.
/// Threads: any. Units: bytes; the kernel may be behind by some 100 KiB per thread.
class process_memory {
 public:
  /// An empty one, which knows nothing.
  process_memory() noexcept = default;

  /// Gives: an empty one, with errno, where there is no such process or no /proc.
  static process_memory of(pid_t pid) noexcept {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/%d/statm", static_cast<int>(pid));
    return process_memory(path.data());
  }
  /// Of this process; in a child of fork this still means the parent.
  static process_memory own() noexcept { return process_memory("/proc/self/statm"); }

  explicit operator bool() const noexcept { return static_cast<bool>(statm_); }

  /// Gives: 0 of a process that has died and is not reaped yet, nothing of one that is gone.
  std::optional<std::size_t> resident() const noexcept {
    std::array<char, 256> text{};
    ssize_t got = 0;
    do {
      got = ::pread(statm_.get(), text.data(), text.size(), 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return std::nullopt;
    const auto pages = resident_pages({text.data(), static_cast<std::size_t>(got)});
    if (!pages) return std::nullopt;
    static const auto page_size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    return *pages * page_size;
  }

 private:
  explicit process_memory(const char* path) noexcept
      : statm_(above_stdio(unique_fd(::open(path, O_RDONLY | O_CLOEXEC)))) {}

  unique_fd statm_;
};

/// One look at a process. Units: bytes. Gives: nothing where there is no such process or no /proc.
inline std::optional<std::size_t> resident_memory(pid_t pid) noexcept { return process_memory::of(pid).resident(); }

}}}  // namespace workpool::v0::detail
