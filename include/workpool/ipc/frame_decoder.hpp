#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <workpool/core/error.hpp>
#include <workpool/ipc/frame.hpp>

namespace workpool { inline namespace v0 {

/// Makes frames of bytes that arrive in pieces of any size, written by somebody who is not trusted. A function of the
/// bytes alone: the frames are the same however the bytes were cut.
///
/// Threads: one at a time. Memory: of a payload that is still arriving at most the double of what has arrived, or
/// 64 KiB where that is more, and never more than the frame claims; while it grows the old half may be there as well.
/// It may lie in a block that another payload of this process has left, see spare_blocks. Cost: one copy and, up to 64
/// KiB, one allocation per payload; none for an empty one. No copy of what is written into room(), and none while a
/// large payload grows where realloc moves pages.
class frame_decoder {
 public:
  /// What a header may claim without anything having arrived.
  static constexpr std::size_t trusted_size = std::size_t{64} << 10;

  /// Frames whose payload is larger than `max_payload` are refused.
  explicit frame_decoder(std::size_t max_payload) noexcept : max_payload_(max_payload) {}

  /// Takes bytes from the front of `bytes` until a frame is complete.
  /// Gives: that frame; or nothing, and then `bytes` is empty: all were taken, or thrown away because of error().
  /// Throws: std::bad_alloc, after which the same bytes may be given again.
  std::optional<frame> next(std::span<const std::byte>& bytes) {
    if (!inside_payload_ && !take_header(bytes)) return std::nullopt;
    take_payload(bytes);
    return hand_over();
  }

  /// How many bytes of the payload that is arriving are still to come; 0 outside of payloads.
  std::size_t missing() const noexcept { return inside_payload_ ? length() - arriving_.payload.size() : 0; }

  /// Where the next of the missing bytes may be written instead of being given to next(); empty where none are missing.
  /// Good until the next call, whichever. Throws: std::bad_alloc, and nothing is lost.
  std::span<std::byte> room() {
    if (missing() == 0) return {};
    byte_buffer& payload = arriving_.payload;
    if (payload.room().size() < trusted_size) {
      payload.reserve(std::min(length(), std::max(trusted_size, 2 * payload.size())));
    }
    return payload.room();
  }

  /// The first `count` bytes of room() have been written. Gives: as next().
  std::optional<frame> filled(std::size_t count) {
    arriving_.payload.extend(count);
    return hand_over();
  }

  /// What was wrong with the bytes; nullptr as long as nothing was. Stays: there is no way to find the next frame.
  const protocol_error* error() const noexcept { return error_ ? &*error_ : nullptr; }

  /// Whether the bytes so far end with the end of a frame.
  bool between_frames() const noexcept { return header_size_ == 0; }

  std::size_t max_payload() const noexcept { return max_payload_; }

  /// How many bytes are allocated for the payload that is arriving.
  std::size_t reserved() const noexcept { return arriving_.payload.capacity(); }

 private:
  static std::span<const std::byte> split(std::span<const std::byte>& bytes, std::size_t most) noexcept {
    const auto front = bytes.first(std::min(most, bytes.size()));
    bytes = bytes.subspan(front.size());
    return front;
  }

  /// Gives: whether a header that can be accepted is in arriving_.
  bool take_header(std::span<const std::byte>& bytes) {
    if (!error_) {
      const auto part = split(bytes, sizeof(frame_header) - header_size_);
      std::copy(part.begin(), part.end(), header_.begin() + static_cast<std::ptrdiff_t>(header_size_));
      header_size_ += part.size();
      if (header_size_ < sizeof(frame_header)) return false;
      std::memcpy(&arriving_.header, header_.data(), sizeof(frame_header));
      inside_payload_ = check(arriving_.header);
    }
    if (!inside_payload_) bytes = {};
    return inside_payload_;
  }

  std::size_t length() const noexcept { return static_cast<std::size_t>(arriving_.header.length); }

  void take_payload(std::span<const std::byte>& bytes) {
    const std::size_t arrived = std::min(bytes.size(), missing());
    make_room(arriving_.payload.size() + arrived);
    arriving_.payload.append(split(bytes, arrived));
  }

  void make_room(std::size_t needed) {
    byte_buffer& payload = arriving_.payload;
    if (needed <= payload.capacity()) return;
    payload.reserve(std::min(length(), std::max({needed, trusted_size, 2 * payload.capacity()})));
  }

  std::optional<frame> hand_over() {
    if (!inside_payload_ || missing() != 0) return std::nullopt;
    inside_payload_ = false;
    header_size_ = 0;
    ++complete_;
    return std::exchange(arriving_, frame{});
  }

  bool check(const frame_header& header) {
    if (header.magic != frame_magic) {
      return refuse("begins with the magic number " + hex(header.magic) + " instead of " + hex(frame_magic) +
                    ": something else was written into the channel; keep its descriptor to the library");
    }
    if (!is_known(header.kind)) {
      return refuse("is of kind " + std::to_string(static_cast<unsigned>(header.kind)) + ", but kinds are 1 to " +
                    std::to_string(static_cast<unsigned>(frame_kind::log)) +
                    ": build both sides with the same version of workpool");
    }
    if (header.length > max_payload_) {
      return refuse("claims " + std::to_string(header.length) + " bytes, but the limit is " +
                    std::to_string(max_payload_) + ": send less at a time or raise the limit");
    }
    return true;
  }

  bool refuse(const std::string& what) {
    error_.emplace("frame " + std::to_string(complete_ + 1) + " of this channel " + what);
    return false;
  }

  static std::string hex(std::uint32_t number) {
    std::array<char, 8> digits{};
    char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    return "0x" + std::string(digits.data(), end);
  }

  std::size_t max_payload_;
  std::array<std::byte, sizeof(frame_header)> header_{};
  std::size_t header_size_ = 0;  // bytes of header_ that have arrived
  bool inside_payload_ = false;  // arriving_.header is good
  frame arriving_;
  std::uint64_t complete_ = 0;
  std::optional<protocol_error> error_;
};

}}  // namespace workpool::v0
