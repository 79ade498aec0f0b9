#pragma once
#include <dirent.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <span>

namespace workpool { inline namespace v0 { namespace detail {

/// How close_all_but finds what is open; `quickest` tries close_range(2) of Linux 5.9, then the others.
enum class descriptor_search : unsigned char { quickest, listing, counting };

namespace descriptors {

inline bool listed(std::span<const int> kept, int number) noexcept {
  return std::find(kept.begin(), kept.end(), number) != kept.end();
}

inline bool close_gaps([[maybe_unused]] std::span<const int> kept) noexcept {
#ifdef SYS_close_range
  unsigned first = 0;
  while (true) {
    unsigned next = UINT_MAX;  // the lowest kept one from `first` on
    for (const int one : kept) {
      if (one >= 0 && static_cast<unsigned>(one) >= first) next = std::min(next, static_cast<unsigned>(one));
    }
    if (next == UINT_MAX) return ::syscall(SYS_close_range, first, UINT_MAX, 0) == 0;
    if (next > first && ::syscall(SYS_close_range, first, next - 1, 0) != 0) return false;
    first = next + 1;
  }
#else
  return false;
#endif
}

inline bool close_listed(std::span<const int> kept) noexcept {
  DIR* const all = ::opendir("/proc/self/fd");
  if (all == nullptr) return false;
  while (const dirent* one = ::readdir(all)) {
    if (one->d_name[0] < '0' || one->d_name[0] > '9') continue;
    const int number = std::atoi(one->d_name);
    if (number != ::dirfd(all) && !listed(kept, number)) ::close(number);
  }
  ::closedir(all);
  return true;
}

inline void close_counted(std::span<const int> kept) noexcept {
  rlimit limit{};
  constexpr rlim_t enough = 1 << 16;  // without /proc nobody tells how many there are
  const rlim_t end = ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? std::min(limit.rlim_max, enough) : enough;
  for (int number = 0; static_cast<rlim_t>(number) < end; ++number) {
    if (!listed(kept, number)) ::close(number);
  }
}

}  // namespace descriptors

/// Closes every descriptor of this process but these; to be called while it has one thread. `kept` may be in any order
/// and hold negative numbers. Cost: a few µs; 1 µs per open file without close_range(2).
inline void close_all_but(std::span<const int> kept, descriptor_search search = descriptor_search::quickest) noexcept {
  if (search == descriptor_search::quickest && descriptors::close_gaps(kept)) return;
  if (search != descriptor_search::counting && descriptors::close_listed(kept)) return;
  descriptors::close_counted(kept);
}

}}}  // namespace workpool::v0::detail
