#pragma once
#include <cerrno>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace parallel_gzip {

using byte_view = std::span<const unsigned char>;

/// Throws what the user reads: "NAME: No such file or directory". Call it right after the failed system call.
[[noreturn]] inline void fail(std::string_view name, int error = errno) {
  throw std::system_error(error, std::generic_category(), std::string(name));
}

/// The same for a refusal of our own: "NAME: reason".
[[noreturn]] inline void refuse(std::string_view name, std::string_view reason) {
  throw std::runtime_error(std::string(name).append(": ").append(reason));
}

/// An open file descriptor with exactly one owner.
class descriptor {
 public:
  explicit descriptor(int fd = -1) noexcept : fd_(fd) {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  int get() const noexcept { return fd_; }
  int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// Reads until `room` is full or the file ends; fewer bytes than `room` means the end.
inline std::size_t read_full(int fd, std::span<unsigned char> room, std::string_view name) {
  std::size_t filled = 0;
  while (filled < room.size()) {
    const ssize_t got = ::read(fd, room.data() + filled, room.size() - filled);
    if (got == 0) break;
    if (got > 0)
      filled += static_cast<std::size_t>(got);
    else if (errno != EINTR)
      fail(name);
  }
  return filled;
}

/// Writes all of `bytes`. Blocks while the receiver of a pipe is slow.
inline void write_all(int fd, byte_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(fd, bytes.data(), bytes.size());
    if (put >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    else if (errno != EINTR)
      fail(name);
  }
}

}  // namespace parallel_gzip
