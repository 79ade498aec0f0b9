#pragma once
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <span>
#include <string_view>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// While it lives, a write of this thread whose reader is gone raises no SIGPIPE; one that came of it is taken away.
class no_sigpipe {
 public:
  no_sigpipe() noexcept {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    was_pending_ = is_pending();
  }
  no_sigpipe(const no_sigpipe&) = delete;
  no_sigpipe& operator=(const no_sigpipe&) = delete;
  ~no_sigpipe() {
    const int error = errno;
    const timespec at_once{};
    if (!was_pending_ && is_pending()) ::sigtimedwait(&pipe_, nullptr, &at_once);
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    errno = error;
  }

 private:
  static bool is_pending() noexcept {
    sigset_t pending;
    ::sigemptyset(&pending);
    return ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 1;
  }

  sigset_t pipe_, before_;
  bool was_pending_ = false;  // then it is not ours
};

/// all: everything was taken. full: the host's reader has to read first. gone: nobody will ever take it.
enum class host_state : std::uint8_t { all, full, gone };

struct host_result {
  host_state state = host_state::all;
  std::size_t taken = 0;  // bytes
};

/// What one write can take of `text`: whole lines where they fit, so that those of another writer do not mix in.
inline std::size_t whole_lines(std::string_view text, std::size_t most = PIPE_BUF) noexcept {
  if (text.size() <= most) return text.size();
  const std::size_t last = text.substr(0, most).rfind('\n');
  return last == text.npos ? most : last + 1;
}

/// Writes to a descriptor that belongs to somebody else, for example the host's standard output, as much as it takes
/// now. It is left as it is: O_NONBLOCK would be seen by everybody who shares it, the user's shell among them.
///
/// A pipe or terminal is opened once more, for this call, without blocking; where that is forbidden a write follows a
/// look whether there is room, and blocks only if somebody else takes the room in between. Files and other devices are
/// taken to be always ready. Blocks: as said. Never raises SIGPIPE.
inline host_result host_write(int descriptor, std::string_view text) noexcept {
  struct stat about {};
  if (::fstat(descriptor, &about) != 0) return {host_state::gone, 0};
  const no_sigpipe quiet;
  const bool is_socket = S_ISSOCK(about.st_mode);
  const bool may_block = S_ISFIFO(about.st_mode) || (S_ISCHR(about.st_mode) && ::isatty(descriptor) == 1);
  unique_fd own;
  if (may_block) {
    std::array<char, 32> path{};
    std::snprintf(path.data(), path.size(), "/proc/self/fd/%d", descriptor);
    own = above_stdio(unique_fd(::open(path.data(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)));
  }
  const auto has_room = [&] {
    pollfd one{descriptor, POLLOUT, 0};
    return ::poll(&one, 1, 0) != 0;
  };
  host_result result;
  while (result.taken < text.size()) {
    const std::string_view rest = text.substr(result.taken);
    const std::string_view piece = rest.substr(0, whole_lines(rest));
    if (may_block && !own && !has_room()) return {host_state::full, result.taken};
    const ssize_t wrote = is_socket ? ::send(descriptor, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                    : ::write(own ? own.get() : descriptor, piece.data(), piece.size());
    if (wrote >= 0) {
      result.taken += static_cast<std::size_t>(wrote);
    } else if (errno == EAGAIN) {
      return {host_state::full, result.taken};
    } else if (errno != EINTR) {
      return {host_state::gone, result.taken};
    }
  }
  return result;
}

/// Blocks until `watched` is readable, or one of `full`, descriptors that took no more, takes some or is gone.
inline void await_host(int watched, std::span<const int> full) noexcept {
  std::array<pollfd, 3> all{pollfd{watched, POLLIN, 0}};
  const std::size_t count = std::min(full.size(), all.size() - 1);
  for (std::size_t n = 0; n < count; ++n) all[n + 1] = {full[n], POLLOUT, 0};
  while (::poll(all.data(), static_cast<nfds_t>(count + 1), -1) < 0 && errno == EINTR) {
  }
}

}}}  // namespace workpool::v0::detail
