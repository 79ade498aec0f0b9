#pragma once
#include <poll.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a descriptor is watched for. That its other end is gone, or that it has failed, is told besides, again and
/// again; under `nothing` once at most.
enum class interest : std::uint32_t {
  nothing = EPOLLET,
  reading = EPOLLIN,
  writing = EPOLLOUT,
  both = EPOLLIN | EPOLLOUT
};

/// What has happened to a watched descriptor.
struct poll_event {
  std::uint64_t token = 0;  // the one it was added with
  std::uint32_t happened = 0;

  /// A read tells more: bytes, the end, or the error.
  bool readable() const noexcept { return (happened & (EPOLLIN | EPOLLHUP | EPOLLRDHUP | EPOLLERR)) != 0; }
  /// A write tells more: it is taken, or the error.
  bool writable() const noexcept { return (happened & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0; }
  /// Nobody is left at the other end; there may still be something to read.
  bool hung_up() const noexcept { return (happened & (EPOLLHUP | EPOLLERR)) != 0; }
};

/// How a wait with a deadline is done: the second way is for kernels before 5.11, and sandboxes older than that.
enum class timed_wait : std::uint8_t { epoll_pwait2, ppoll };

/// Watches descriptors, level-triggered: what is left unread is told again. Ready ones take turns.
///
/// Threads: any for add, modify, remove, also while another one waits; one at a time in wait. Cost: of a wait, one or
/// two system calls, however many descriptors there are. A descriptor has to be removed before it is closed: where a
/// fork or a dup holds the same open file, closing it here does not end the watch.
class poller {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// An empty one; make() gives one that works.
  poller() noexcept = default;

  /// Gives: an empty one, with errno, where there is none to be had.
  static poller make(timed_wait how = timed_wait::epoll_pwait2) noexcept {
    poller made;
    made.fd_ = above_stdio(unique_fd(::epoll_create1(EPOLL_CLOEXEC)));
    made.how_ = how;
    return made;
  }

  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }
  /// Is itself readable when something it watches is ready.
  int get() const noexcept { return fd_.get(); }

  /// Gives: false, with errno, where it cannot be watched (EPERM: a regular file) or is watched already (EEXIST).
  bool add(int descriptor, interest in, std::uint64_t token) noexcept {
    return control(EPOLL_CTL_ADD, descriptor, static_cast<std::uint32_t>(in), token);
  }
  /// Needs no memory: does not fail for one that was added.
  bool modify(int descriptor, interest in, std::uint64_t token) noexcept {
    return control(EPOLL_CTL_MOD, descriptor, static_cast<std::uint32_t>(in), token);
  }
  /// A wait that is just returning may still tell of it once.
  bool remove(int descriptor) noexcept { return control(EPOLL_CTL_DEL, descriptor, 0, 0); }

  /// Blocks: until something is ready or `deadline` (time_point::max(): none) has passed, never less; signals do not
  /// end it. Units: the deadline is kept to the nanosecond, plus the kernel's slack of 50 µs.
  /// Gives: the first part of `into`, filled; empty when the deadline passed, or, with errno, when it failed.
  std::span<poll_event> wait(std::span<poll_event> into, time_point deadline = time_point::max()) noexcept {
    constexpr std::size_t most_at_once = 64;
    std::array<epoll_event, most_at_once> ready;
    const auto room = static_cast<int>(std::min(into.size(), ready.size()));
    int count = 0;
    for (;;) {
      const auto left = time_left(deadline);
      count = wait_once(ready.data(), room, left);
      const bool nothing_yet = count == 0 && left > left.zero();
      const bool interrupted = count < 0 && errno == EINTR;
      if (!nothing_yet && !interrupted) break;
    }
    if (count <= 0) return {};
    const auto happened = into.first(static_cast<std::size_t>(count));
    std::transform(ready.begin(), ready.begin() + count, happened.begin(), [](const epoll_event& one) {
      return poll_event{one.data.u64, one.events};
    });
    return happened;
  }

 private:
  using nanoseconds = std::chrono::nanoseconds;

  bool control(int operation, int descriptor, std::uint32_t events, std::uint64_t token) noexcept {
    epoll_event wanted{};
    wanted.events = events;
    wanted.data.u64 = token;
    return ::epoll_ctl(fd_.get(), operation, descriptor, &wanted) == 0;
  }

  static nanoseconds time_left(time_point deadline) noexcept {
    if (deadline == time_point::max()) return nanoseconds::max();
    const time_point now = std::chrono::steady_clock::now();
    if (deadline <= now) return nanoseconds::zero();
    // Beyond a year it looks again in a year: nothing overflows, here or in the kernel. now > 0: deadline - now fits.
    constexpr nanoseconds longest = std::chrono::hours(24 * 365);
    return std::min<nanoseconds>(longest, deadline - now);
  }

  int wait_once(epoll_event* ready, int room, nanoseconds left) noexcept {
    if (left == nanoseconds::max()) return ::epoll_wait(fd_.get(), ready, room, -1);
    if (left == nanoseconds::zero()) return ::epoll_wait(fd_.get(), ready, room, 0);
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
#ifdef SYS_epoll_pwait2
    if (how_ == timed_wait::epoll_pwait2) {
      const struct {
        std::int64_t seconds, nanoseconds;
      } limit{whole.count(), (left - whole).count()};  // what the kernel reads, whatever time_t is here
      const long count = ::syscall(SYS_epoll_pwait2, fd_.get(), ready, room, &limit, nullptr, std::size_t{0});
      if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
      how_ = timed_wait::ppoll;
    }
#endif
    timespec limit{};
    limit.tv_sec = static_cast<std::time_t>(whole.count());
    limit.tv_nsec = static_cast<long>((left - whole).count());
    pollfd itself{fd_.get(), POLLIN, 0};
    const int any = ::ppoll(&itself, 1, &limit, nullptr);
    return any <= 0 ? any : ::epoll_wait(fd_.get(), ready, room, 0);
  }

  unique_fd fd_;
  timed_wait how_ = timed_wait::epoll_pwait2;  // written by the thread that waits
};

}}}  // namespace workpool::v0::detail
