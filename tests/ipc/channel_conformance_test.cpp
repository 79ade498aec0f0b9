#include <workpool/ipc/channel.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <tuple>
#include <utility>
#include <workpool/ipc/loopback_channel.hpp>
#include <workpool/ipc/ring_channel.hpp>
#include <workpool/ipc/socket_channel.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

namespace {

// The models of channel. A new one is a family here and an entry in the list below.

struct sockets {
  using channel = workpool::socket_channel;
  static constexpr bool can_be_full = true;
  static constexpr bool trickles = false;
  static constexpr bool sends_see_a_death = true;
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

struct rings {
  using channel = workpool::ring_channel;
  static constexpr bool can_be_full = true;
  static constexpr bool trickles = false;
  static constexpr bool sends_see_a_death = false;
  static auto pair(std::size_t max_payload) { return channel::make_pair(max_payload); }

  // Leaves as the dead do, without a word in the memory.
  class stranger {
   public:
    stranger(workpool::detail::unique_fd bell, std::shared_ptr<const workpool::detail::shared_memory> memory)
        : bell_(std::move(bell)),
          memory_(std::move(memory)),
          writer_(memory_->as<workpool::detail::ring_words>(sizeof(workpool::detail::ring_words)),
                  memory_->bytes().subspan(4096 + workpool::detail::ring_stream::ring_size,
                                           workpool::detail::ring_stream::ring_size)) {}
    void write(std::span<const std::byte> bytes) {
      writer_.write(std::array{bytes});
      if (writer_.words().reader_waits.exchange(0) != 0) {
        workpool::detail::send_some(bell_.get(), std::array{bytes.first(1)});
      }
    }
    void leave() noexcept { bell_.reset(); }

   private:
    workpool::detail::unique_fd bell_;
    std::shared_ptr<const workpool::detail::shared_memory> memory_;
    workpool::detail::ring_writer writer_;
  };

  static std::pair<channel, stranger> with_stranger(std::size_t max_payload) {
    auto bells = workpool::detail::socket_pair::make(workpool::detail::socket_kind::stream);
    constexpr std::size_t size = workpool::detail::ring_stream::size;
    const auto descriptor = workpool::detail::shared_memory::make(size);
    const auto memory = std::make_shared<const workpool::detail::shared_memory>(
        workpool::detail::shared_memory::of(descriptor.get(), size));
    return {channel(std::move(bells.left), memory, 0, channel::side::left, max_payload),
            stranger(std::move(bells.right), memory)};
  }
};

template <std::size_t Capacity>
struct loopback {
  using channel = workpool::loopback_channel;
  static constexpr bool can_be_full = Capacity != 0;
  static constexpr bool trickles = Capacity == 1;
  static constexpr bool sends_see_a_death = true;
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

using channel_models = std::tuple<sockets, rings, loopback<0>, loopback<100'000>, loopback<1>>;

}  // namespace

#include "conformance/channel.hpp"
