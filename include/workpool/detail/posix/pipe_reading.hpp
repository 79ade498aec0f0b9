#pragma once
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

namespace workpool { inline namespace v0 { namespace detail {

/// How many bytes lie in a pipe or socket now; 0 also where the descriptor is none.
inline std::size_t bytes_in(int descriptor) noexcept {
  int count = 0;
  return ::ioctl(descriptor, FIONREAD, &count) == 0 && count > 0 ? static_cast<std::size_t>(count) : 0;
}

/// nothing: not now. over: the last writer is gone, or the descriptor is of no use.
enum class read_state : std::uint8_t { some, nothing, over };

struct read_result {
  read_state state = read_state::nothing;
  std::size_t size = 0;  // bytes
};

/// Reads what there is, at most what `room`, which is not empty, can hold. Never blocks, provided that nobody else
/// reads from the descriptor meanwhile.
inline read_result read_now(int descriptor, std::span<char> room) noexcept {
  pollfd one{descriptor, POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&one, 1, 0);
    if (ready == 0) return {descriptor < 0 ? read_state::over : read_state::nothing, 0};
    const ssize_t got = ready < 0 ? -1 : ::read(descriptor, room.data(), room.size());
    if (got > 0) return {read_state::some, static_cast<std::size_t>(got)};
    if (got == 0) return {read_state::over, 0};
    if (errno == EAGAIN) return {};
    if (errno != EINTR) return {read_state::over, 0};
  }
}

}}}  // namespace workpool::v0::detail
