#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <workpool/detail/posix/close_descriptors.hpp>
#include <workpool/detail/posix/standard_streams.hpp>
#include <workpool/detail/posix/thread_tuning.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What went wrong between a fork and the first line of the child's own work; error 0 is nothing.
struct child_fault {
  int error = 0;
  const char* step = "";

  explicit operator bool() const noexcept { return error != 0; }
};

/// Every signal does what it does in a program that never asked for anything else.
inline void default_dispositions() noexcept {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal)
    ::sigaction(signal, &usual, nullptr);  // refuses KILL, STOP, glibc's own
}

inline void unblock_all_signals() noexcept {
  sigset_t none;
  ::sigemptyset(&none);
  ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

/// A limit that can be lowered without privileges and not be raised again; 0 leaves it alone. Gives: 0 or errno.
inline int set_limit(decltype(RLIMIT_AS) which, rlim_t value, rlim_t grace = 0) noexcept {
  if (value == 0) return 0;
  rlimit before{};
  if (::getrlimit(which, &before) != 0) return errno;
  const rlim_t hard = value > before.rlim_max ? value : std::min(value + grace, before.rlim_max);
  const rlimit now{value, hard};
  return ::setrlimit(which, &now) == 0 ? 0 : errno;
}

/// `Limits` has the members of workpool::resource_limits.
template <class Limits>
child_fault set_limits(const Limits& limits) noexcept {
  if (const int error = set_limit(RLIMIT_AS, limits.address_space)) return {error, "limits.address_space"};
  if (const int error = set_limit(RLIMIT_CORE, limits.core)) return {error, "limits.core"};
  if (const int error = set_limit(RLIMIT_NOFILE, limits.open_files)) return {error, "limits.open_files"};
  // One second more until SIGKILL, so that who used up its time dies of SIGXCPU, which tells.
  if (const int error = set_limit(RLIMIT_CPU, limits.cpu_seconds, 1)) return {error, "limits.cpu_seconds"};
  return {};
}

/// What a child gets instead of what it would inherit; -1 leaves a stream as it is.
struct child_state {
  int parent = 0;  // the process whose death is to be this one's
  int out = -1, err = -1;
  std::array<int, 5> kept{-1, -1, -1, -1, -1};  // of the descriptors from 3 on; -1: none
  int nice = 0;
};

/// Makes a process that has just been forked by a process of one thread, with all signals blocked, one that knows
/// nothing of its parent but its memory: default dispositions, an empty mask, standard input from /dev/null, its own
/// process group, only the descriptors listed, and death with its parent, which may have happened already.
/// It is the reaper of its own descendants: whoever leaves its group comes to its parent when it dies, and not earlier.
/// umask and working directory stay. Gives: the step that failed.
///
/// Order: setpgid stands between the request and the question because it takes the lock under which the kernel hands on
/// the children of the dead. Without a lock between them a parent could die, not see the request yet, and be seen alive
/// (where prctl stores the signal without one).
template <class Limits>
child_fault make_clean(const child_state& wanted, const Limits& limits) noexcept {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return {errno, "parent's death signal"};
  if (::setpgid(0, 0) != 0) return {errno, "process group"};
  if (::getppid() != wanted.parent) ::_exit(0);  // it died before that, so its signal never comes
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return {errno, "subreaper"};
  default_dispositions();
  if (const int error = empty_standard_input()) return {error, "standard input"};
  if (wanted.out >= 0) {
    if (const int error = set_standard_stream(STDOUT_FILENO, wanted.out)) return {error, "standard output"};
  }
  if (wanted.err >= 0) {
    if (const int error = set_standard_stream(STDERR_FILENO, wanted.err)) return {error, "standard error"};
  }
  const auto [first, second, third, fourth, fifth] = wanted.kept;
  const std::array<int, 8> open{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, first, second, third, fourth, fifth};
  close_all_but(open);
  if (wanted.nice != 0) {
    if (const int error = set_nice(wanted.nice)) return {error, "nice"};
  }
  if (const child_fault fault = set_limits(limits)) return fault;
  unblock_all_signals();  // the last: what was sent meanwhile meets the state it was meant for
  return {};
}

}}}  // namespace workpool::v0::detail
