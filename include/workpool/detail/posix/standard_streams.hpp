#pragma once
#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace workpool { inline namespace v0 { namespace detail {

/// Makes `number`, 0, 1 or 2, another name of `open_file`, and one that survives an exec. Gives: 0 or errno.
inline int set_standard_stream(int number, int open_file) noexcept {
  while (::dup2(open_file, number) < 0) {
    if (errno != EINTR && errno != EBUSY) return errno;
  }
  return 0;
}

/// Reading this process's standard input gives end-of-file from now on. Gives: 0 or errno.
inline int empty_standard_input() noexcept {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return errno;
  if (nothing == STDIN_FILENO) return ::fcntl(nothing, F_SETFD, 0) == 0 ? 0 : errno;
  const int error = set_standard_stream(STDIN_FILENO, nothing);
  ::close(nothing);
  return error;
}

/// Opens what is closed of 0, 1 and 2, so that no file opened later is taken for standard output. Gives: 0 or errno.
inline int fill_standard_streams() noexcept {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; ++number) {
    if (::fcntl(number, F_GETFD) >= 0) continue;
    const int filled = ::open("/dev/null", number == STDIN_FILENO ? O_RDONLY : O_WRONLY);  // the lowest free number
    if (filled < 0) return errno;
  }
  return 0;
}

/// What waits in the buffers of stdio was written by the process that forked this one, which will flush it itself.
inline void forget_inherited_output() noexcept {
  ::__fpurge(stdin);
  ::__fpurge(stdout);
  ::__fpurge(stderr);
}

/// Writes what stdio keeps for standard output, but not while another thread is in the middle of printing.
/// Blocks: as long as the write does.
inline void flush_standard_output() noexcept {
  if (::ftrylockfile(stdout) != 0) return;
  if (::__fpending(stdout) != 0) std::fflush(stdout);
  ::funlockfile(stdout);
}

}}}  // namespace workpool::v0::detail
