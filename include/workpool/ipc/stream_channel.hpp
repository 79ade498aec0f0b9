#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/ipc/frame_decoder.hpp>
#include <workpool/ipc/unsent_frames.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A channel over a stream of bytes both ways.
///
/// A Stream is movable; its write(pieces) and read(into) give how many bytes were moved, 0 where none would without
/// blocking, and nothing once that direction has ended; handle() is the descriptor to wait on, -1 after close();
/// wait(), arm(for_room), disarm(), mute(), unmute(), has_arrived() and in_shared_memory() are those of a channel,
/// which has other things unread. Cost: a frame that the stream takes as a whole is one write and no copy, one that
/// arrives as a whole one read. What arrives of a payload while more than a buffer of it is missing is read to where it
/// stays.
template <class Stream>
class stream_channel {
 public:
  stream_channel(Stream stream, std::size_t max_payload) noexcept : stream_(std::move(stream)), decoder_(max_payload) {}

  transfer send(frame_header header, std::span<const std::byte> payload, std::shared_ptr<const void> owner = nullptr) {
    if (writing_ended_ || !is_open()) return transfer::closed;
    header.length = payload.size();
    header.magic = frame_magic;
    const std::span<const std::byte> head = std::as_bytes(std::span(&header, 1));
    if (wants_to_write()) {
      unsent_.keep(head, payload, 0, std::move(owner));
      return flush();
    }
    const std::optional<std::size_t> gone = stream_.write(std::array{head, payload});
    if (!gone) return end_writing();
    if (*gone == head.size() + payload.size()) return transfer::done;
    keep_rest(head, payload, *gone, std::move(owner));
    return transfer::blocked;
  }

  transfer flush() {
    if (writing_ended_ || !is_open()) return transfer::closed;
    std::array<std::span<const std::byte>, pieces_per_write> views;
    while (wants_to_write()) {
      const auto pieces = std::span<const std::span<const std::byte>>(views).first(unsent_.front(views));
      std::size_t offered = 0;
      for (const auto& piece : pieces) offered += piece.size();
      const std::optional<std::size_t> gone = stream_.write(pieces);
      if (!gone) return end_writing();
      unsent_.drop(*gone);
      if (*gone < offered) return transfer::blocked;
    }
    return transfer::done;
  }

  transfer receive(frame& into) {
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(buffer_size);
    for (std::size_t read = 0; is_open();) {
      if (std::optional<frame> next = decoder_.next(unread_)) {
        into = std::move(*next);
        return transfer::done;
      }
      if (const protocol_error* const wrong = decoder_.error()) throw protocol_error(*wrong);
      // One who writes without end must not keep the thread from its other channels.
      if ((stopped_early_ = read >= share_of_a_call)) return transfer::blocked;
      const bool in_place = decoder_.missing() >= buffer_size;
      std::span<std::byte> room = in_place ? decoder_.room() : std::span(buffer_.get(), buffer_size);
      room = room.first(std::min(room.size(), share_of_a_call - read));
      const std::optional<std::size_t> got = stream_.read(room);
      if (!got) {
        reading_ended_ = true;
      } else if (*got == 0) {
        return transfer::blocked;
      } else {
        read += *got;
        if (!in_place) {
          unread_ = room.first(*got);
        } else if (std::optional<frame> whole = decoder_.filled(*got)) {
          into = std::move(*whole);
          return transfer::done;
        }
      }
    }
    return transfer::closed;
  }

  bool wants_to_write() const noexcept { return !unsent_.empty(); }
  std::size_t unsent() const noexcept { return unsent_.size(); }
  /// Whether the last receive() has given up with a frame half read, though there may be more.
  bool stopped_early() const noexcept { return stopped_early_; }
  std::size_t unread() const noexcept { return unread_.size(); }
  int wait_handle() const noexcept { return stream_.handle(); }

  bool in_shared_memory() const noexcept { return stream_.in_shared_memory(); }
  bool arm() noexcept { return is_open() && unread_.empty() && stream_.arm(wants_to_write()); }
  void disarm() noexcept { stream_.disarm(); }
  void mute() noexcept { stream_.mute(); }
  void unmute() noexcept { stream_.unmute(); }
  bool has_arrived() const noexcept { return stream_.has_arrived(); }
  bool wait(wait_for what, time_point deadline) const noexcept {
    return wait_handle() < 0 || stream_.wait(what, deadline);
  }

  void close() noexcept {
    stream_.close();
    unsent_.clear();
    unread_ = {};
    buffer_.reset();
  }

  bool is_open() const noexcept { return !reading_ended_ && stream_.handle() >= 0; }

 protected:
  Stream& stream() noexcept { return stream_; }

 private:
  static constexpr std::size_t buffer_size = std::size_t{64} << 10;
  // Bytes; well below 1 ms of copying. 256 KiB and 8 MiB make an echo of 64 MiB neither slower nor faster.
  static constexpr std::size_t share_of_a_call = std::size_t{1} << 20;
  static constexpr std::size_t pieces_per_write = 64;

  transfer end_writing() noexcept {
    writing_ended_ = true;
    unsent_.clear();
    return transfer::closed;
  }

  void keep_rest(std::span<const std::byte> header, std::span<const std::byte> payload, std::size_t gone,
                 std::shared_ptr<const void> owner) {
    try {
      unsent_.keep(header, payload, gone, std::move(owner));
    } catch (...) {
      if (gone != 0) close();  // or the next frame would be read as the rest of this one
      throw;
    }
  }

  Stream stream_;
  frame_decoder decoder_;
  unsent_frames unsent_;
  std::unique_ptr<std::byte[]> buffer_;  // what was read last; made by the first receive
  std::span<const std::byte> unread_;    // of buffer_
  bool writing_ended_ = false;
  bool reading_ended_ = false;
  bool stopped_early_ = false;
};

}}}  // namespace workpool::v0::detail
