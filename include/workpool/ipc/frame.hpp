#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <workpool/ipc/byte_buffer.hpp>

namespace workpool { inline namespace v0 {

/// The version of what pools and worker processes say to each other; both say theirs in `hello`.
inline constexpr std::uint32_t protocol_version = 2;

/// Stands in every header; no text has its bytes.
inline constexpr std::uint32_t frame_magic = 0x01'F5'57'50;

/// What a frame is about. New kinds go to the end, and `log` stays the last name of the list below.
enum class frame_kind : std::uint16_t {
  hello = 1,
  task,
  result,
  error,
  stop,
  ping,
  pong,
  quit,
  heartbeat,
  message,
  buffer_wanted,
  buffer_returned,
  returned,
  log
};

/// Whether this is one of the kinds above: what another process wrote may be any number.
constexpr bool is_known(frame_kind kind) noexcept { return kind >= frame_kind::hello && kind <= frame_kind::log; }

/// What stands before every payload, 32 bytes without padding, in the order of this machine's bytes (little endian).
/// `generation`: of the worker that speaks; of a request, the turn in which it was sent (see detail::call_mark), which
/// is the `attempt` of the answer `returned`: it was taken back before it had begun.
/// Units: length in bytes of the payload. A channel fills in length and magic, the rest belongs to who sends.
struct frame_header {
  std::uint64_t length = 0;
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  std::uint32_t generation = 0;
  frame_kind kind{};
  std::uint16_t flags = 0;
  std::uint32_t magic = frame_magic;

  friend bool operator==(const frame_header&, const frame_header&) = default;
};
static_assert(sizeof(frame_header) == 32 && alignof(frame_header) == 8);
static_assert(std::is_trivially_copyable_v<frame_header> && std::has_unique_object_representations_v<frame_header>);
static_assert(std::endian::native == std::endian::little, "frames are little endian, and so must be the machine");

/// One frame as it arrived.
struct frame {
  frame_header header;
  byte_buffer payload;

  friend bool operator==(const frame&, const frame&) = default;
};

}}  // namespace workpool::v0
