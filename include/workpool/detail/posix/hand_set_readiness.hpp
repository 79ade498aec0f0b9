#pragma once
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <utility>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What poll is to say of a descriptor.
struct shown_readiness {
  bool readable = false;
  bool writable = false;
};

/// A descriptor that poll and epoll show as readable and as writable when it was told so: the handle of something that
/// has none. An eventfd cannot be both neither readable nor writable; a socket can, whose other end is here.
/// Threads: one at a time, but anybody may poll. Cost: no system call where nothing changes.
class hand_set_readiness {
 public:
  /// Gives: neither readable nor writable; or none(), with errno, where there are no descriptors left.
  static hand_set_readiness make() noexcept {
    hand_set_readiness made;
    made.ends_ = socket_pair::make(socket_kind::stream);
    if (!made) return none();
    const int least = 1;  // the kernel makes some KiB of it: soon full
    ::setsockopt(made.handle(), SOL_SOCKET, SO_SNDBUF, &least, sizeof least);
    made.fill();
    return made;
  }
  /// No descriptor: set() does nothing.
  static hand_set_readiness none() noexcept { return {}; }

  explicit operator bool() const noexcept { return static_cast<bool>(ends_); }
  int handle() const noexcept { return ends_.left.get(); }

  void set(shown_readiness wanted) noexcept {
    if (!*this) return;
    if (wanted.readable && !now_.readable) put(ends_.right.get(), 1);
    if (!wanted.readable && now_.readable) drain(ends_.left.get());
    if (wanted.writable && !now_.writable) drain(ends_.right.get());
    if (!wanted.writable && now_.writable) fill();
    now_ = wanted;
  }

 private:
  static constexpr std::size_t block = 4096;

  static bool put(int socket, std::size_t bytes) noexcept {
    const std::array<char, block> zeros{};
    return ::send(socket, zeros.data(), bytes, MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
  }
  void fill() noexcept {
    while (put(ends_.left.get(), block)) {
    }
  }
  static void drain(int socket) noexcept {
    std::array<char, block> thrown_away;
    while (::recv(socket, thrown_away.data(), thrown_away.size(), MSG_DONTWAIT) > 0) {
    }
  }

  socket_pair ends_;  // left is shown
  shown_readiness now_;
};

}}}  // namespace workpool::v0::detail
