#pragma once
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

namespace crash_proof {

/// Writes three headers, one for each bug of the parser: it runs off its stack, does not end, and fills the memory.
/// Throws: std::system_error.
inline void make_hostile(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto write = [&](const char* name, std::string_view text) {
    const std::filesystem::path path = folder / name;
    std::ofstream file(path, std::ios::binary);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    if (!file.flush()) throw std::system_error(errno, std::generic_category(), path.string());
  };
  constexpr std::size_t brackets = 4'000'000;  // 16 bytes of stack for each would be 64 MB
  write("deep.h", "int deep = " + std::string(brackets, '(') + "0" + std::string(brackets, ')') + ";\n");
  write("endless.h", "#define ping pong\n#define pong ping\n");
  write("growing.h", "#define more less, less\n#define less more, more\n");
}

}  // namespace crash_proof
