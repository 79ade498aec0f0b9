#pragma once
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A file without a name that holds these bytes, closed on exec. Empty, with errno, on failure.
inline unique_fd byte_file(std::string_view bytes) noexcept {
  unique_fd file = above_stdio(unique_fd(::memfd_create("workpool", MFD_CLOEXEC)));
  while (file && !bytes.empty()) {
    const ssize_t written = ::write(file.get(), bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      file.reset();
    }
  }
  return file;
}

/// All bytes of a file from its beginning, at most `limit`; none where it cannot be read or is longer.
inline std::optional<std::string> bytes_of(int file, std::size_t limit) {
  std::string found;
  char part[4096];
  while (true) {
    const ssize_t size = ::pread(file, part, sizeof part, static_cast<off_t>(found.size()));
    if (size == 0) return found;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 || found.size() + static_cast<std::size_t>(size) > limit) return std::nullopt;
    found.append(part, static_cast<std::size_t>(size));
  }
}

}}}  // namespace workpool::v0::detail
