#include <workpool/detail/posix/code_map.hpp>

#include "support/catch.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

using workpool::detail::code_map;
using workpool::detail::maps_line;

namespace {

std::vector<maps_line> lines_of(std::string_view text) {
  std::vector<maps_line> lines;
  maps_line line;
  for (const char letter : text) {
    if (line.take(letter)) lines.push_back(line);
  }
  return lines;
}

/// A file that lives as long as the test.
struct maps_file {
  explicit maps_file(const std::string& text) { std::ofstream(name) << text; }
  maps_file(const maps_file&) = delete;
  maps_file& operator=(const maps_file&) = delete;
  ~maps_file() { ::unlink(name.c_str()); }
  std::string name = "/tmp/workpool-maps-" + std::to_string(::getpid());
};

}  // namespace

TEST_CASE("a line of maps is taken apart, whatever its path looks like") {
  const auto lines = lines_of(
      "55d0c0a00000-55d0c0a02000 r--p 00000000 fd:00 1311  /usr/bin/one\n"
      "7f0000001000-7f0000003000 r-xp 0002a000 fd:00 99                 /a path/with spaces (deleted)\n"
      "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 \n"
      "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0          [vsyscall]\n");
  REQUIRE(lines.size() == 4);
  CHECK(lines[0].low == 0x55d0c0a00000);
  CHECK(lines[0].high == 0x55d0c0a02000);
  CHECK_FALSE(lines[0].executable);
  CHECK(lines[0].path() == "/usr/bin/one");
  CHECK(lines[1].executable);
  CHECK(lines[1].offset == 0x2a000);
  CHECK(lines[1].path() == "/a path/with spaces (deleted)");
  CHECK(lines[2].path().empty());
  CHECK(lines[3].low == 0xffffffffff600000);
  CHECK(lines[3].path() == "[vsyscall]");
}

TEST_CASE("a path that is too long is cut, and the next line is right") {
  const auto lines = lines_of("1000-2000 r-xp 0 0:0 1 /" + std::string(5000, 'p') + "\n3000-4000 r-xp 0 0:0 1 /next\n");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].path().size() == 256);
  CHECK(lines[1].path() == "/next");
  CHECK(lines[1].low == 0x3000);
}

TEST_CASE("addresses are found in their modules, with the offset from the beginning of the module") {
  const maps_file maps(
      "1000-2000 r--p 00000000 0:0 1 /one\n"
      "2000-3000 r-xp 00001000 0:0 1 /one\n"
      "3000-4000 rw-p 00000000 0:0 0 \n"
      "5000-6000 r-xp 00000000 0:0 1 /nobody\n"
      "8000-9000 r--p 00000000 0:0 1 /two\n"
      "a000-b000 r-xp 00002000 0:0 1 /two\n");
  std::array<code_map::place, 6> places{};
  const std::array<std::uint64_t, 6> addresses{0xa123, 0x2000, 0x3fff, 0x7000, 0x2fff, 0};
  for (std::size_t n = 0; n < places.size(); ++n) places[n].address = addresses[n];
  code_map map;
  REQUIRE(map.look_up(places, maps.name.c_str()));
  CHECK(places[0].module == "/two");
  CHECK(places[0].offset == 0x2123);
  CHECK(places[0].executable);
  CHECK(places[1].module == "/one");
  CHECK(places[1].offset == 0x1000);
  CHECK(places[2].module.empty());
  CHECK(places[3].module.empty());
  CHECK(places[4].module == "/one");
  CHECK(places[4].offset == 0x1fff);
  CHECK(places[5].module.empty());
}

TEST_CASE("more modules than there is room for leave the rest without a name") {
  constexpr std::size_t modules = 40;
  std::string text;
  std::vector<code_map::place> places(modules);
  for (std::size_t n = 0; n < modules; ++n) {
    const std::uint64_t low = (n + 1) * 0x100000;
    std::array<char, 80> line{};
    std::snprintf(line.data(), line.size(), "%lx-%lx r-xp 00000000 0:0 1 /m%zu\n", low, low + 0x1000, n);
    text += line.data();
    places[n].address = low + 5;
  }
  const maps_file maps(text);
  const auto map = std::make_unique<code_map>();
  REQUIRE(map->look_up(places, maps.name.c_str()));
  for (std::size_t n = 0; n < modules; ++n) {
    CHECK(places[n].module == (n < 33 ? "/m" + std::to_string(n) : std::string()));
    CHECK(places[n].executable);
  }
}

TEST_CASE("functions of this program are found where the loader says they are") {
  std::array<code_map::place, 2> places{};
  places[0].address = reinterpret_cast<std::uintptr_t>(&lines_of);
  places[1].address = reinterpret_cast<std::uintptr_t>(::dlsym(RTLD_DEFAULT, "qsort"));
  const auto map = std::make_unique<code_map>();
  REQUIRE(map->look_up(places));
  for (const code_map::place& one : places) {
    Dl_info info{};
    REQUIRE(::dladdr(reinterpret_cast<void*>(one.address), &info) != 0);
    CHECK(one.address - one.offset == reinterpret_cast<std::uintptr_t>(info.dli_fbase));
    CHECK(one.executable);
    CHECK(std::filesystem::equivalent(one.module, info.dli_fname));
  }
  CHECK(places[0].module != places[1].module);
}

TEST_CASE("without /proc nothing is known") {
  std::array<code_map::place, 1> places{};
  places[0].address = 0x1234;
  code_map map;
  CHECK_FALSE(map.look_up(places, "/nowhere/maps"));
  CHECK(places[0].module.empty());
}
