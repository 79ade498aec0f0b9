#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <workpool/core/clock.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/ring_stream.hpp>
#include <workpool/ipc/socket_channel.hpp>
#include <workpool/ipc/stream_channel.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The bytes between a pool and a worker process: a socket, or rings. See stream_channel.
class worker_stream {
  // Before its first use, which asks for its type.
  template <class F>
  decltype(auto) with(F use) {
    if (auto* const rings = std::get_if<ring_stream>(&one_)) return use(*rings);
    return use(*std::get_if<socket_stream>(&one_));
  }
  template <class F>
  decltype(auto) with(F use) const {
    if (const auto* const rings = std::get_if<ring_stream>(&one_)) return use(*rings);
    return use(*std::get_if<socket_stream>(&one_));
  }

 public:
  worker_stream(socket_stream socket) noexcept : one_(std::move(socket)) {}
  worker_stream(ring_stream rings) noexcept : one_(std::move(rings)) {}

  std::optional<std::size_t> write(std::span<const std::span<const std::byte>> pieces) noexcept {
    return with([&](auto& it) { return it.write(pieces); });
  }
  std::optional<std::size_t> read(std::span<std::byte> into) {
    return with([&](auto& it) { return it.read(into); });
  }
  int handle() const noexcept {
    return with([](const auto& it) { return it.handle(); });
  }
  bool in_shared_memory() const noexcept {
    return with([](const auto& it) { return it.in_shared_memory(); });
  }
  bool arm(bool for_room) noexcept {
    return with([&](auto& it) { return it.arm(for_room); });
  }
  void disarm() noexcept {
    with([](auto& it) { it.disarm(); });
  }
  void mute() noexcept {
    with([](auto& it) { it.mute(); });
  }
  void unmute() noexcept {
    with([](auto& it) { it.unmute(); });
  }
  bool has_arrived() const noexcept {
    return with([](const auto& it) { return it.has_arrived(); });
  }
  bool wait(wait_for what, time_point deadline) const noexcept {
    return with([&](const auto& it) { return it.wait(what, deadline); });
  }
  void close() noexcept {
    with([](auto& it) { it.close(); });
  }

 private:
  std::variant<socket_stream, ring_stream> one_;
};

/// What a pool and a worker process talk through.
using worker_channel = stream_channel<worker_stream>;

}}}  // namespace workpool::v0::detail
