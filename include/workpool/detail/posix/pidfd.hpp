#pragma once
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A descriptor that means one process, also when its number is given to another one; readable from the moment it has
/// died. Of a child that nobody else reaps it can always be had. Linux 5.3 and later.
/// Gives: empty, with errno, where there is none: ESRCH for no such process, ENOSYS for no such call.
inline unique_fd open_pidfd(pid_t pid) noexcept {
  constexpr long pidfd_open = 434;  // on every architecture but alpha; not in every <sys/syscall.h>
  return above_stdio(unique_fd(static_cast<int>(::syscall(pidfd_open, pid, 0))));
}

/// Signal 0 only asks. Gives: false, with errno, where it was not sent; ESRCH: the process has been reaped.
inline bool send_signal(int pidfd, int signal) noexcept {
  constexpr long pidfd_send_signal = 424;  // likewise
  return ::syscall(pidfd_send_signal, pidfd, signal, nullptr, 0) == 0;
}

/// How a process ended, and what it had used until then.
/// unknown: somebody else has reaped it, or the host ignores SIGCHLD, which makes the kernel do so; all else is 0 then.
struct exit_status {
  enum class how : std::uint8_t { exited, killed, unknown };

  how ended = how::unknown;
  int value = 0;                        // the exit code, or the signal
  std::size_t max_rss = 0;              // bytes
  std::chrono::nanoseconds cpu_time{};  // of all its threads and the children it has waited for, user and system
};

/// Whether the process has died. Gives: true also for a descriptor that is none.
inline bool has_died(int pidfd) noexcept {
  pollfd one{pidfd, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&one, 1, 0);
  } while (ready < 0 && errno == EINTR);
  return ready != 0 || pidfd < 0;  // poll skips negative ones
}

/// Takes the status of a child that has died, after which nothing of it is left. Does not wait.
/// Gives: nothing while it lives. Threads: any; of two callers one gets the status, the other `unknown`.
inline std::optional<exit_status> reap(int pidfd) noexcept {
  constexpr int by_pidfd = 3;  // P_PIDFD, Linux 5.4; not in every <sys/wait.h>
  siginfo_t info{};
  rusage used{};
  long done = 0;
  do {
    // The function of the C library drops the last argument.
    done = ::syscall(SYS_waitid, by_pidfd, pidfd, &info, WEXITED | WNOHANG, &used);
  } while (done < 0 && errno == EINTR);
  if (done < 0) return has_died(pidfd) ? std::optional<exit_status>(exit_status{}) : std::nullopt;
  if (info.si_pid == 0) return std::nullopt;

  const auto spent = [](const timeval& part) {
    return std::chrono::nanoseconds(std::chrono::seconds(part.tv_sec) + std::chrono::microseconds(part.tv_usec));
  };
  exit_status status;
  status.ended = info.si_code == CLD_EXITED ? exit_status::how::exited : exit_status::how::killed;
  status.value = info.si_status;
  status.max_rss = static_cast<std::size_t>(used.ru_maxrss) * 1024;
  status.cpu_time = spent(used.ru_utime) + spent(used.ru_stime);
  return status;
}

}}}  // namespace workpool::v0::detail
