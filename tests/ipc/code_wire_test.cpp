#include <workpool/ipc/code_wire.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <workpool/core/error.hpp>

namespace wp = workpool;
using namespace wp::detail;

namespace {

constexpr std::size_t plenty = 4096;

located_code code_at(std::uint64_t offset, std::string path) {
  code_location where;
  where.module.size = 20;
  where.module.identity = module_identity::build_id;
  for (std::size_t n = 0; n < 20; ++n) where.module.bytes[n] = static_cast<std::byte>(n + offset);
  where.offset = offset;
  return {where, std::move(path)};
}

std::vector<std::byte> written(const located_code& one) {
  std::vector<std::byte> bytes;
  wp::byte_writer out(bytes, plenty);
  write_code(out, one);
  return bytes;
}

}  // namespace

TEST_CASE("where a function lies arrives as it was sent, with and without a path") {
  for (const located_code& sent :
       {code_at(0x1234, ""), code_at(7, "/usr/lib/libjobs.so.1"), code_at(1, {"/a\0b", 4})}) {
    const auto bytes = written(sent);
    wp::byte_reader in(bytes);
    const located_code got = read_code(in);
    CHECK(got.location == sent.location);
    CHECK(got.path == sent.path);
    CHECK(in.left() == 0);
  }
}

TEST_CASE("places are read one after the other, and what follows is left") {
  auto bytes = written(code_at(1, "/one"));
  const auto second = written(code_at(2, ""));
  bytes.insert(bytes.end(), second.begin(), second.end());
  bytes.push_back(std::byte{9});
  wp::byte_reader in(bytes);
  CHECK(read_code(in).path == "/one");
  CHECK(read_code(in).location.offset == 2);
  CHECK(in.left() == 1);
}

TEST_CASE("a place that was cut anywhere is refused") {
  const auto bytes = written(code_at(3, "/lib"));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    wp::byte_reader in({bytes.data(), length});
    CHECK_THROWS_AS(read_code(in), wp::codec_error);
  }
}

TEST_CASE("a path that claims more than there is is refused before it is taken") {
  auto bytes = written(code_at(3, "/lib"));
  for (std::size_t n = 0; n < sizeof(std::uint32_t); ++n) bytes[sizeof(code_location) + n] = std::byte{0xff};
  wp::byte_reader in(bytes);
  CHECK_THROWS_WITH(read_code(in), Catch::Matchers::ContainsSubstring("4294967295"));
}

TEST_CASE("a place that has no room in its message is too large for it") {
  std::vector<std::byte> bytes;
  wp::byte_writer out(bytes, written(code_at(3, "/lib")).size() - 1);
  CHECK_THROWS_AS(write_code(out, code_at(3, "/lib")), wp::message_too_large);
}
