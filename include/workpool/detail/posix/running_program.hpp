#pragma once
#include <unistd.h>

#include <array>
#include <charconv>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <workpool/detail/posix/elf_file.hpp>
#include <workpool/detail/posix/loaded_module.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The file this process runs, for texts; "" where the system does not say.
inline std::string program_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length > 0 ? std::string(path.data(), static_cast<std::size_t>(length)) : std::string();
}

/// Tells the file of the program from every other. It stays the same when somebody puts a new one in its place.
/// Gives: none where the file that runs is not the program, which is so when ld.so was started by hand.
inline std::optional<file_stamp> program_stamp() {
  const auto program = program_module();
  const elf_file file = elf_file::read("/proc/self/exe");
  if (!program || file.error != 0 || file.segments.size() != program->segments.size()) return std::nullopt;
  const bool same = std::memcmp(file.segments.data(), program->segments.data(), program->segments.size_bytes()) == 0;
  return same ? std::optional(file.stamp) : std::nullopt;
}

/// The absolute path of the file that is mapped at an address, as it was when it was mapped; "" for none.
/// Cost: about 20 µs.
inline std::string mapped_file(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {  // 7f00-7f01 r-xp 00000000 08:01 1234   /lib/libc.so.6
    std::uintptr_t first = 0, end = 0;
    const char* const last = line.data() + line.size();
    const auto dash = std::from_chars(line.data(), last, first, 16);
    if (dash.ptr == last || std::from_chars(dash.ptr + 1, last, end, 16).ptr == last) continue;
    if (wanted < first || wanted >= end) continue;
    const std::size_t path = line.find('/');
    return path == line.npos ? std::string() : line.substr(path);
  }
  return {};
}

/// Where a library lies, for another process; "" for one that no file holds.
inline std::string library_path(const loaded_module& library, const void* address_in_it) {
  if (library.name.starts_with('/')) return library.name;
  return mapped_file(address_in_it);  // found from a directory that was current then
}

}}}  // namespace workpool::v0::detail
