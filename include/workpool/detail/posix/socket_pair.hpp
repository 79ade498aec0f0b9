#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <utility>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// stream: bytes; packets: whole messages, whose end-of-file is as reliable as that of a stream.
enum class socket_kind : std::uint8_t { stream, packets };

/// Two connected sockets of this machine, closed on exec and never one of 0, 1, 2.
struct socket_pair {
  unique_fd left, right;

  /// Both are there; otherwise errno says why not.
  explicit operator bool() const noexcept { return left && right; }

  static socket_pair make(socket_kind kind) noexcept {
    std::array<int, 2> ends{-1, -1};
    const int type = kind == socket_kind::stream ? SOCK_STREAM : SOCK_SEQPACKET;
    if (::socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends.data()) != 0) return {};
    socket_pair made{unique_fd(ends[0]), unique_fd(ends[1])};
    made.left = above_stdio(std::move(made.left));
    if (made.left) made.right = above_stdio(std::move(made.right));
    return made;
  }
};

}}}  // namespace workpool::v0::detail
