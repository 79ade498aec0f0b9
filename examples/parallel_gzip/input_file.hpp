#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>

#include "posix.hpp"

namespace parallel_gzip {

/// What is to be compressed: a named file, or standard input under the name "-".
/// Throws: std::system_error naming the file, from the constructor and from read().
class input_file {
 public:
  explicit input_file(std::string_view name)
      : standard_(name == "-"),
        name_(standard_ ? "standard input" : name),
        owned_(standard_ ? descriptor() : open(name_)) {
    if (::fstat(fd(), &status_) != 0) fail(name_);
    if (S_ISDIR(status_.st_mode)) fail(name_, EISDIR);
  }

  /// Fills `room`, but for the end of the file.
  std::size_t read(std::span<unsigned char> room) { return read_full(fd(), room, name_); }

  bool is_standard_input() const noexcept { return standard_; }
  bool is_regular() const noexcept { return S_ISREG(status_.st_mode); }
  const std::string& name() const noexcept { return name_; }
  const struct stat& status() const noexcept { return status_; }

  /// The number of bytes to come; nothing for a pipe or a device.
  std::optional<std::uint64_t> size() const noexcept {
    return is_regular() ? std::optional(static_cast<std::uint64_t>(status_.st_size)) : std::nullopt;
  }

 private:
  static descriptor open(const std::string& name) {
    descriptor opened(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (opened.get() < 0) fail(name);
    return opened;
  }
  int fd() const noexcept { return standard_ ? STDIN_FILENO : owned_.get(); }

  bool standard_;
  std::string name_;
  descriptor owned_;
  struct stat status_ {};
};

}  // namespace parallel_gzip
