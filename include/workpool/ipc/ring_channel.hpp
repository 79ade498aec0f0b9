#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <workpool/detail/posix/shared_memory.hpp>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/detail/posix/unique_fd.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/ring_stream.hpp>
#include <workpool/ipc/stream_channel.hpp>

namespace workpool { inline namespace v0 {

/// A channel to a process of this machine through memory that both have, without a system call as long as neither side
/// sleeps. Of frames larger than a ring both sides copy at the same time.
/// Memory: two rings of 256 KiB in shared memory, of which only pages that were used are there, a read buffer of 64
/// KiB, and what is unsent and not lent. That the other process has died is seen where there was a wait, or a bell to
/// ring: a send to it may be `done`.
class ring_channel : public detail::stream_channel<detail::ring_stream> {
 public:
  using side = detail::ring_stream::side;

  /// See ring_stream.
  ring_channel(detail::unique_fd bell, std::shared_ptr<const detail::shared_memory> memory, std::size_t at, side me,
               std::size_t max_payload = default_max_payload)
      : stream_channel(detail::ring_stream(std::move(bell), std::move(memory), at, me), max_payload) {}

  /// Two channels of this machine that are connected to each other.
  /// Gives: nothing where there are no descriptors or no memory left; errno says which limit that is.
  /// Throws: std::bad_alloc.
  static std::optional<std::pair<ring_channel, ring_channel>> make_pair(std::size_t max_payload = default_max_payload) {
    auto sockets = detail::socket_pair::make(detail::socket_kind::stream);
    if (!sockets) return std::nullopt;
    constexpr std::size_t size = detail::ring_stream::size;
    const detail::unique_fd descriptor = detail::shared_memory::make(size);
    if (!descriptor) return std::nullopt;
    const auto memory =
        std::make_shared<const detail::shared_memory>(detail::shared_memory::of(descriptor.get(), size));
    if (!*memory) return std::nullopt;
    return std::pair(ring_channel(std::move(sockets.left), memory, 0, side::left, max_payload),
                     ring_channel(std::move(sockets.right), memory, 0, side::right, max_payload));
  }
};
static_assert(channel<ring_channel>);

}}  // namespace workpool::v0
