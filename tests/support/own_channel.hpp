#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string>
#include <string_view>
#include <workpool/ipc/frame.hpp>

/// For tasks that misbehave: what a worker process says to its pool, said without the library.
namespace workpool_test {

/// The descriptor of the channel: the one socket a worker has.
inline int own_channel() {
  for (int descriptor = 3; descriptor < 1024; ++descriptor) {
    std::array<char, 64> target{};
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    const ssize_t size = ::readlink(link.c_str(), target.data(), target.size() - 1);
    if (size > 0 && std::string_view(target.data()).substr(0, 7) == "socket:") return descriptor;
  }
  std::abort();
}

/// Writes bytes into it, all of them.
inline void write_to_host(std::string_view bytes) {
  const int channel = own_channel();
  while (!bytes.empty()) {
    const ssize_t sent = ::send(channel, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR && errno != EAGAIN) return;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// The header alone may claim another length than the payload has.
inline void write_frame(workpool::frame_header header, const std::string& payload = {}) {
  if (header.length == 0) header.length = payload.size();
  write_to_host(std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload);
}

}  // namespace workpool_test
