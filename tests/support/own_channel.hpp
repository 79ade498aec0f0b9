#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <workpool/ipc/byte_ring.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/ipc/ring_stream.hpp>
#include <workpool/worker/worker_memory.hpp>

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

/// Where its rings are; nullptr where it has none. A worker that has not begun maps them here.
inline char* own_rings() {
  using workpool::detail::ring_stream;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("/memfd:workpool (") == line.npos) continue;
    std::size_t end = 0;
    const auto from = std::stoull(line, &end, 16);
    const auto to = std::stoull(line.substr(end + 1), nullptr, 16);
    if (to - from > ring_stream::size) return reinterpret_cast<char*>(from) + ring_stream::alignment;
  }
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code none;
    if (std::filesystem::read_symlink(entry.path(), none).string().rfind("/memfd:workpool (", 0) != 0) continue;
    const int descriptor = std::stoi(entry.path().filename().string());
    if (::lseek(descriptor, 0, SEEK_END) < static_cast<off_t>(ring_stream::size)) continue;
    const auto memory = workpool::detail::worker_memory::of(descriptor, true);
    static auto* const kept = memory ? new workpool::detail::worker_memory(memory) : nullptr;
    if (kept != nullptr) return own_rings();
  }
  return nullptr;
}

/// Writes bytes into its channel, all of them. Where that is rings the worker knows nothing of it, and writes over them
/// what it says next: it should say nothing any more.
inline void write_to_host(std::string_view bytes) {
  const int channel = own_channel();
  if (char* const rings = own_rings()) {
    using workpool::detail::ring_stream;
    constexpr std::size_t capacity = ring_stream::ring_size;
    auto& words = *reinterpret_cast<workpool::detail::ring_words*>(rings + sizeof(workpool::detail::ring_words));
    char* const ring = rings + ring_stream::alignment + capacity;
    for (const char one : bytes) {
      while (words.written - words.read == capacity) ::usleep(100);
      ring[words.written % capacity] = one;
      ++words.written;
      if (words.reader_waits.exchange(0) != 0) ::send(channel, "!", 1, MSG_NOSIGNAL);
    }
    return;
  }
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
