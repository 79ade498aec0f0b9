#include <workpool/ipc/code_location.hpp>

#include "support/catch.hpp"

#include <cstring>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>

using namespace workpool::detail;

namespace {

build_id id_of(const std::string& text) {
  build_id made;
  std::memcpy(made.bytes.data(), text.data(), text.size());
  made.size = static_cast<std::uint8_t>(text.size());
  return made;
}

int twice(int number) { return 2 * number; }

}  // namespace

TEST_CASE("modules are the same when their kind, length and bytes are") {
  const module_id one = module_id::of(id_of("0123"));
  CHECK(one == module_id::of(id_of("0123")));
  CHECK_FALSE(one == module_id::of(id_of("0124")));
  CHECK_FALSE(one == module_id::of(id_of(std::string("0123\0", 5))));
  CHECK_FALSE(one == module_id{});
}

TEST_CASE("a file identity never equals a build-id, not even one of the same bytes") {
  const module_id file = module_id::of(file_stamp{1, 2, 3, 4});
  const build_id same{file.bytes, 32};
  REQUIRE(module_id::of(same).bytes == file.bytes);
  REQUIRE(module_id::of(same).size == file.size);
  CHECK_FALSE(module_id::of(same) == file);
  CHECK_FALSE(file.as_build_id());
}

TEST_CASE("files differ in each part of their stamp") {
  const module_id file = module_id::of(file_stamp{1, 2, 3, 4});
  CHECK(file == module_id::of(file_stamp{1, 2, 3, 4}));
  CHECK_FALSE(file == module_id::of(file_stamp{0, 2, 3, 4}));
  CHECK_FALSE(file == module_id::of(file_stamp{1, 0, 3, 4}));
  CHECK_FALSE(file == module_id::of(file_stamp{1, 2, 0, 4}));
  CHECK_FALSE(file == module_id::of(file_stamp{1, 2, 3, 0}));
}

TEST_CASE("only what was made of a build-id or a file is valid") {
  CHECK(module_id::of(id_of("0123")).valid());
  CHECK(module_id::of(file_stamp{}).valid());
  CHECK_FALSE(module_id{}.valid());
  CHECK_FALSE(module_id::of(build_id{}).valid());
  module_id too_long = module_id::of(id_of("0123"));
  too_long.size = 33;
  CHECK_FALSE(too_long.valid());
  CHECK_FALSE(too_long.as_build_id());
  module_id of_no_kind = module_id::of(id_of("0123"));
  of_no_kind.identity = static_cast<module_identity>(3);
  CHECK_FALSE(of_no_kind.valid());
  CHECK_FALSE(of_no_kind.as_build_id());
}

TEST_CASE("a build-id comes back out of a module") {
  for (const char* text : {"0", "01234567", "01234567890123456789", "01234567890123456789012345678901"}) {
    CHECK(module_id::of(id_of(text)).as_build_id() == id_of(text));
  }
}

TEST_CASE("a location survives being copied as bytes, and its bytes are all its own") {
  const code_location sent{module_id::of(id_of("0123")), 0x123456789abcdef0};
  std::array<std::byte, sizeof sent> frame;
  std::memcpy(frame.data(), &sent, sizeof sent);
  code_location received;
  std::memcpy(&received, frame.data(), sizeof received);
  CHECK(received == sent);
  STATIC_REQUIRE(std::has_unique_object_representations_v<code_location>);
  STATIC_REQUIRE(alignof(code_location) == 8);
  STATIC_REQUIRE(sizeof(code_location) % 8 == 0);
}

TEST_CASE("locations that differ in module or offset have different hashes") {
  std::unordered_set<std::size_t> hashes;
  for (const char* text : {"0", "1", "01", "01234567", "012345678", "0123456789012345678"}) {
    for (const std::uint64_t offset : {0U, 1U, 16U, 4096U}) {
      hashes.insert(std::hash<code_location>()(code_location{module_id::of(id_of(text)), offset}));
    }
  }
  CHECK(hashes.size() == 24);
}

TEST_CASE("a module is described by its bytes in hex, and by what they are") {
  CHECK(describe(module_id::of(id_of("\x01\xab\xf0"))) == "build-id 01abf0");
  CHECK_THAT(describe(module_id::of(file_stamp{})),
             Catch::Matchers::StartsWith("no build-id but the file identity 0000"));
  CHECK(describe(module_id{}) == "no build-id");
  module_id too_long = module_id::of(id_of("0123"));
  too_long.size = 4000;
  CHECK(describe(too_long) == "no build-id");
}

TEST_CASE("the main module is this program, by build-id where it has one and by file where not") {
  const module_id mine = main_module();
  REQUIRE(mine.valid());
  CHECK(mine == main_module());
  const elf_file self = elf_file::read("/proc/self/exe");
  CHECK(mine == (self.id ? module_id::of(self.id) : module_id::of(self.stamp)));
}

TEST_CASE("a function is called through its address") { CHECK(function_at<int(int)>(code_address(&twice))(21) == 42); }
