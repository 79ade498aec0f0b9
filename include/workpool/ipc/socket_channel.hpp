#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <workpool/detail/posix/socket_io.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/polled_stream.hpp>
#include <workpool/ipc/stream_channel.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// The bytes of a connected stream socket, for a stream_channel.
class socket_stream : public polled_stream<socket_stream> {
 public:
  explicit socket_stream(unique_fd socket) noexcept : socket_(std::move(socket)) {}

  std::optional<std::size_t> write(std::span<const std::span<const std::byte>> pieces) noexcept {
    return send_some(socket_.get(), pieces);
  }
  std::optional<std::size_t> read(std::span<std::byte> into) noexcept { return receive_some(socket_.get(), into); }
  int handle() const noexcept { return socket_.get(); }
  void close() noexcept { socket_.reset(); }

 private:
  unique_fd socket_;
};

}  // namespace detail

/// A channel over a connected stream socket: a local one, or TCP. Whether the socket is set to non-blocking does not
/// matter and is left as it is, since other processes may share it.
/// Memory: a read buffer of 64 KiB, and what is unsent and not lent. Cost: see stream_channel; a write is one sendmsg,
/// a read one recv. A larger SO_SNDBUF than the default makes neither faster: what is under way stays in the cache.
class socket_channel : public detail::stream_channel<detail::socket_stream> {
 public:
  explicit socket_channel(detail::unique_fd socket, std::size_t max_payload = default_max_payload) noexcept
      : stream_channel(detail::socket_stream(std::move(socket)), max_payload) {}

  /// Two channels of this machine that are connected to each other.
  /// Gives: nothing where there are no descriptors left; errno says which limit that is.
  static std::optional<std::pair<socket_channel, socket_channel>> make_pair(
      std::size_t max_payload = default_max_payload) noexcept {
    auto sockets = detail::socket_pair::make(detail::socket_kind::stream);
    if (!sockets) return std::nullopt;
    return std::pair(socket_channel(std::move(sockets.left), max_payload),
                     socket_channel(std::move(sockets.right), max_payload));
  }
};
static_assert(channel<socket_channel>);

}}  // namespace workpool::v0
