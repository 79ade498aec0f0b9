#pragma once
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A descriptor that can be read when the process has ended (pidfd_open(2), Linux 5.3). Empty, with errno, on failure.
inline unique_fd watch_process(int pid) noexcept {
  return above_stdio(unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))));
}

inline int this_process() noexcept { return ::getpid(); }
inline int parent_process() noexcept { return ::getppid(); }

/// Kills the process behind a watch; nobody, when that one is gone.
inline void end_watched(int watch) noexcept { ::syscall(SYS_pidfd_send_signal, watch, SIGKILL, nullptr, 0); }

/// Reaps the child behind a watch if it has ended and nobody else (a host that reaps everything, SIGCHLD ignored) has
/// done it. Blocks: never.
inline void reap_watched(int watch) noexcept {
  constexpr auto by_pidfd = static_cast<idtype_t>(3);  // P_PIDFD, which glibc before 2.36 does not name
  siginfo_t end{};
  while (::waitid(by_pidfd, static_cast<id_t>(watch), &end, WEXITED | WNOHANG) != 0 && errno == EINTR) {
  }
}

/// Reaps a child of this process that is about to end by itself; nothing where somebody else did.
inline void reap_soon(int pid) noexcept {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// SIGKILL for a child nobody has reaped yet.
inline void end_process(int pid) noexcept {
  if (pid > 1) ::kill(pid, SIGKILL);
}

}}}  // namespace workpool::v0::detail
