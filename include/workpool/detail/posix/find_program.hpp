#pragma once
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <climits>
#include <string>
#include <string_view>

namespace workpool { inline namespace v0 { namespace detail {

/// Where a program lies, or why it cannot be started.
struct found_program {
  std::string path{};  // absolute
  int error = 0;       // an errno
};

/// Looks a program up as a shell does: a name without a slash in PATH, any other from the working directory.
inline found_program find_program(std::string_view name) {
  const auto check = [](const std::string& path) {
    struct ::stat about {};
    if (::stat(path.c_str(), &about) != 0) return errno;
    if (!S_ISREG(about.st_mode)) return EACCES;
    return ::access(path.c_str(), X_OK) == 0 ? 0 : errno;
  };
  const auto absolute = [](const std::string& path) {
    if (path.starts_with('/')) return path;
    char here[PATH_MAX];
    return ::getcwd(here, sizeof here) == nullptr ? path : std::string(here) + '/' + path;
  };
  if (name.find('/') != name.npos) {
    const std::string path = absolute(std::string(name));
    return {path, check(path)};
  }
  const char* const listed = ::getenv("PATH");
  std::string_view left = listed == nullptr ? "/usr/local/bin:/bin:/usr/bin" : listed;
  int error = ENOENT;
  for (;;) {
    const auto end = left.find(':');
    const std::string folder(left.substr(0, end));
    const std::string path = absolute((folder.empty() ? "." : folder) + '/' + std::string(name));
    const int problem = check(path);
    if (problem == 0) return {path, 0};
    if (problem == EACCES) error = EACCES;  // there is one, and it is worth telling
    if (end == left.npos) return {std::string(name), error};
    left.remove_prefix(end + 1);
  }
}

}}}  // namespace workpool::v0::detail
