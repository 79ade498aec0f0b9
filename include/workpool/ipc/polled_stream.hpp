#pragma once
#include <workpool/core/clock.hpp>
#include <workpool/detail/posix/poll_one.hpp>
#include <workpool/ipc/channel.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a stream is waited on whose descriptor always says whether it can go on: a base of the Streams of
/// stream_channel, which see. Threads: any.
template <class Stream>
class polled_stream {
 public:
  bool in_shared_memory() const noexcept { return false; }
  bool arm(bool /*for_room*/) noexcept { return true; }
  void disarm() noexcept {}
  void mute() noexcept {}
  void unmute() noexcept {}
  bool has_arrived() const noexcept { return false; }

  bool wait(wait_for what, time_point deadline) const noexcept {
    const int handle = static_cast<const Stream&>(*this).handle();
    switch (what) {
      case wait_for::reading:
        return poll_one(handle, poll_for::reading, deadline);
      case wait_for::writing:
        return poll_one(handle, poll_for::writing, deadline);
      case wait_for::either:
        break;
    }
    return poll_one(handle, poll_for::either, deadline);
  }

 protected:
  polled_stream() noexcept = default;
  polled_stream(polled_stream&&) noexcept = default;
  polled_stream& operator=(polled_stream&&) noexcept = default;
  ~polled_stream() = default;
};

}}}  // namespace workpool::v0::detail
