#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <workpool/core/clock.hpp>
#include <workpool/ipc/frame.hpp>

namespace workpool { inline namespace v0 {

/// How a step of a channel ended. `closed`: the other side is gone, or this one was closed.
enum class transfer : std::uint8_t { done, blocked, closed };

/// What to wait for. `either`: whichever comes first.
enum class wait_for : std::uint8_t { reading, writing, either };

/// A reliable stream of frames to one other process, and one back: how a pool and a worker process talk. No step but
/// wait ever blocks, so that one thread can serve many channels; a worker that has but one waits on it.
///
/// Threads: one at a time, but for wait(reading), which one more thread may be in at the same time, and has_arrived;
/// not while the channel is closed, moved or destroyed. No call raises SIGPIPE. A channel that was moved from can only
/// be assigned to or destroyed. Order: frames arrive whole, once, and in the order in which they were sent.
///
/// - send fills in length and magic and writes what can be written. `done`: all of it. `blocked`: the rest is kept, in
///   a copy of its own, and flush goes on with it; what is sent meanwhile comes after it. With an owner the payload is
///   lent instead: no copy is made, its bytes are not to change as long as the owner lives, and the channel keeps the
///   owner until they are written, or will never be. `closed`: neither this frame nor what was still unsent will
///   arrive; frames of the other side may still be received. That the other side is gone may be seen by receive alone:
///   what is `done` has not arrived for that. Whoever sends sees to it that the other side's limit allows the payload.
///   Throws std::bad_alloc; the channel is closed then if a part of the frame was written already.
/// - flush writes more of what is unsent. `done`: nothing is unsent any more.
/// - receive hands over the next frame. `blocked`: no frame is complete, or this call has read its share (the
///   descriptor shows that there is more). `closed`: the connection ended; every frame that had arrived whole was
///   handed over before that, half a frame never is. Throws protocol_error, and from then on each time: what arrives is
///   not frames; the caller closes. Throws std::bad_alloc, and loses nothing.
/// - unread counts the bytes that were read already and not handed over: a channel is waited on after receive said
///   `blocked`, or where unread is 0.
/// - wait_handle is for poll and epoll, level-triggered: readable when receive can go on, writable when flush can, or
///   readable then as well where frames pass through memory. -1 once closed; otherwise the same as long as the channel
///   is open.
/// - in_shared_memory: whether frames pass through memory that both sides see.
/// - arm has to be called before each wait on the handle, after receive and flush have said `blocked` or `done`. Gives:
///   false when one of them can go on already, and then the handle may not show it.
/// - disarm: nobody waits on the handle until the next arm, and so it need not show what arrives, which costs the other
///   side less. What arrives all the same makes a wait end without cause.
/// - mute: what is sent from now on need not end a wait of the other side: for who has more to say soon, or expects to
///   hear. After unmute it does again, and what was sent before as well where it is unread. Where frames do not pass
///   through memory it makes no difference.
/// - has_arrived looks into that memory for something to receive, without a call of the system; false where there is
///   none. Threads: any.
/// - wait blocks until that can go on or `deadline` has passed, and gives whether it can. An end counts as something to
///   go on with. It ignores unread, and needs no arm.
/// - close drops what is unsent and unread. is_open is false after close, and once receive has given `closed`.
template <class Channel>
concept channel = std::movable<Channel> &&
    requires(Channel& one, const Channel& seen, const frame_header& header, std::span<const std::byte> payload,
             std::shared_ptr<const void> owner, frame& into, wait_for what, time_point deadline) {
  { one.send(header, payload) } -> std::same_as<transfer>;
  { one.send(header, payload, owner) } -> std::same_as<transfer>;
  { one.flush() } -> std::same_as<transfer>;
  { one.receive(into) } -> std::same_as<transfer>;
  { seen.wants_to_write() }
  noexcept->std::same_as<bool>;
  { seen.unsent() }
  noexcept->std::same_as<std::size_t>;
  { seen.unread() }
  noexcept->std::same_as<std::size_t>;
  { seen.wait_handle() }
  noexcept->std::same_as<int>;
  { seen.in_shared_memory() }
  noexcept->std::same_as<bool>;
  { one.arm() }
  noexcept->std::same_as<bool>;
  { one.disarm() }
  noexcept;
  { one.mute() }
  noexcept;
  { one.unmute() }
  noexcept;
  { seen.has_arrived() }
  noexcept->std::same_as<bool>;
  { seen.wait(what, deadline) }
  noexcept->std::same_as<bool>;
  { one.close() }
  noexcept;
  { seen.is_open() }
  noexcept->std::same_as<bool>;
};

/// From this size on it pays to lend a payload: less than this goes at once as a rule. Units: bytes.
inline constexpr std::size_t worth_lending = std::size_t{64} << 10;

/// The limit of a payload where nobody says one. Units: bytes.
inline constexpr std::size_t default_max_payload = std::size_t{256} << 20;

}}  // namespace workpool::v0
