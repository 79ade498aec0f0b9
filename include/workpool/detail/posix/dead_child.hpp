#pragma once
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a child of this process ended, and what it used. signal 0: it left by itself, with exit_code.
/// Units: max_rss in bytes.
struct dead_child {
  int pid = 0;
  int exit_code = 0;
  int signal = 0;
  std::size_t max_rss = 0;
  std::chrono::nanoseconds cpu_time{};
};

/// A descriptor that can be read when a child has died. SIGCHLD has to be blocked. Empty, with errno, on failure.
inline unique_fd watch_children() noexcept {
  sigset_t deaths;
  ::sigemptyset(&deaths);
  ::sigaddset(&deaths, SIGCHLD);
  return above_stdio(unique_fd(::signalfd(-1, &deaths, SFD_CLOEXEC | SFD_NONBLOCK)));
}

/// To be called before next_dead_child, so that no death is missed.
inline void forget_death_notices(int watch) noexcept {
  signalfd_siginfo notice;
  while (::read(watch, &notice, sizeof notice) > 0 || errno == EINTR) {
  }
}

/// A child that has ended and waits to be reaped: its pid and its process group are still its own.
/// For processes that own all of their children. Gives: 0 when there is none, -1 when there is no child at all.
inline int next_dead_child() noexcept {
  siginfo_t found{};
  while (::waitid(P_ALL, 0, &found, WEXITED | WNOHANG | WNOWAIT) != 0) {
    if (errno != EINTR) return -1;
  }
  return found.si_pid;
}

/// Reaps a child that next_dead_child has named.
inline dead_child reap_child(int pid) noexcept {
  dead_child end{.pid = pid};
  int status = 0;
  rusage used{};
  while (::wait4(pid, &status, 0, &used) < 0) {
    if (errno != EINTR) return end;
  }
  if (WIFSIGNALED(status)) {
    end.signal = WTERMSIG(status);
  } else {
    end.exit_code = WEXITSTATUS(status);
  }
  constexpr std::size_t kibibyte = 1024;
  end.max_rss = static_cast<std::size_t>(used.ru_maxrss) * kibibyte;
  for (const timeval& part : {used.ru_utime, used.ru_stime}) {
    end.cpu_time += std::chrono::seconds(part.tv_sec) + std::chrono::microseconds(part.tv_usec);
  }
  return end;
}

}}}  // namespace workpool::v0::detail
