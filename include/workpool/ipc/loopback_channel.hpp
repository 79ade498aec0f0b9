#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <workpool/ipc/channel.hpp>
#include <workpool/ipc/memory_stream.hpp>
#include <workpool/ipc/stream_channel.hpp>

namespace workpool { inline namespace v0 {

struct loopback_options {
  std::size_t capacity = 0;  // bytes under way in each direction; 0: no limit
  std::size_t max_payload = default_max_payload;
};

/// A channel within one process, for tests of what uses channels: like a socket it can be full, closed, broken and full
/// of nonsense, but exactly when the test says so.
/// Threads: as any channel; the two ends may be used by two threads.
class loopback_channel : public detail::stream_channel<detail::memory_stream> {
 public:
  /// Gives: two ends; nothing where there are no descriptors left, and errno says which limit that is.
  /// Throws: std::bad_alloc.
  static std::optional<std::pair<loopback_channel, loopback_channel>> make_pair(loopback_options options = {}) {
    auto streams = detail::memory_stream::make_pair(options.capacity);
    if (!streams) return std::nullopt;
    return std::pair(loopback_channel(std::move(streams->first), options.max_payload),
                     loopback_channel(std::move(streams->second), options.max_payload));
  }

  /// Lets the other end read these bytes, after what was written so far and before what is unsent. They need not be
  /// frames, and the capacity does not matter. Throws: std::bad_alloc.
  void inject(std::span<const std::byte> bytes) { stream().inject(bytes); }

  /// Breaks the connection when so many more bytes of this end are written, headers included: the other end reads them
  /// and then the end, even in the middle of a frame. 0: at once.
  void break_after(std::size_t bytes) noexcept { stream().break_after(bytes); }

 private:
  using stream_channel::stream_channel;
};
static_assert(channel<loopback_channel>);

}}  // namespace workpool::v0
