#pragma once
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>

namespace workpool { inline namespace v0 { namespace detail {

/// What a call on a socket that gave -1 means. Short of memory is a matter of time; all that is not either of these is
/// the end of the connection, under whatever name (EPIPE, ECONNRESET, ETIMEDOUT, …).
inline std::optional<std::size_t> nothing_for_now_or_ever(int why) noexcept {
  if (why == EAGAIN || why == EWOULDBLOCK || why == ENOBUFS || why == ENOMEM) return 0;
  return std::nullopt;
}

/// Sends what a connected stream socket takes of these pieces, the first 64 of them; not all of them are empty.
/// Blocks: never. Gives: how many bytes; 0 where none would go now; nothing where none ever will. No SIGPIPE.
inline std::optional<std::size_t> send_some(int socket, std::span<const std::span<const std::byte>> pieces) noexcept {
  std::array<iovec, 64> vectors;
  const std::size_t count = std::min(pieces.size(), vectors.size());
  for (std::size_t i = 0; i < count; ++i) {
    vectors[i] = {const_cast<std::byte*>(pieces[i].data()), pieces[i].size()};  // sendmsg only reads
  }
  msghdr message{};
  message.msg_iov = vectors.data();
  message.msg_iovlen = count;
  for (;;) {
    const ssize_t sent = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return nothing_for_now_or_ever(errno);
  }
}

/// Receives what a connected stream socket has, at most what fits; `into` must not be empty.
/// Blocks: never. Gives: how many bytes; 0 where there are none now; nothing at the end.
inline std::optional<std::size_t> receive_some(int socket, std::span<std::byte> into) noexcept {
  for (;;) {
    const ssize_t got = ::recv(socket, into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return std::nullopt;
    if (errno != EINTR) return nothing_for_now_or_ever(errno);
  }
}

}}}  // namespace workpool::v0::detail
