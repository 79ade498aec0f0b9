#include <workpool/ipc/channel.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>
#include <workpool/ipc/loopback_channel.hpp>
#include <workpool/ipc/socket_channel.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

namespace {

// The models of channel. A new one is a family here and an entry in the list below.

struct sockets {
  using channel = workpool::socket_channel;
  static constexpr bool can_be_full = true;
  static constexpr bool trickles = false;
  static auto pair(std::size_t max_payload) { return channel::make_pair(max_payload); }

  class stranger {
   public:
    explicit stranger(workpool::detail::unique_fd socket) noexcept : socket_(std::move(socket)) {}
    void write(std::span<const std::byte> bytes) { workpool::detail::send_some(socket_.get(), std::array{bytes}); }
    void leave() noexcept { socket_.reset(); }

   private:
    workpool::detail::unique_fd socket_;
  };

  static std::pair<channel, stranger> with_stranger(std::size_t max_payload) {
    auto both = workpool::detail::socket_pair::make(workpool::detail::socket_kind::stream);
    return {channel(std::move(both.left), max_payload), stranger(std::move(both.right))};
  }
};

template <std::size_t Capacity>
struct loopback {
  using channel = workpool::loopback_channel;
  static constexpr bool can_be_full = Capacity != 0;
  static constexpr bool trickles = Capacity == 1;
  static auto pair(std::size_t max_payload) { return channel::make_pair({Capacity, max_payload}); }

  class stranger {
   public:
    explicit stranger(channel end) noexcept : end_(std::move(end)) {}
    void write(std::span<const std::byte> bytes) { end_.inject(bytes); }
    void leave() noexcept { end_.close(); }

   private:
    channel end_;
  };

  static std::pair<channel, stranger> with_stranger(std::size_t max_payload) {
    auto both = pair(max_payload);
    return {std::move(both->first), stranger(std::move(both->second))};
  }
};

using channel_models = std::tuple<sockets, loopback<0>, loopback<100'000>, loopback<1>>;

}  // namespace

#include "conformance/channel.hpp"
