#include <workpool/worker/worker_birth.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

using workpool::protocol_error;
using namespace workpool::detail;

namespace {

worker_birth full_birth() {
  worker_birth birth{.id = 7, .generation = 3};
  birth.program = {"/bin/sh", "", "-c"};
  birth.env = {{"A", "1=2"}, {"B", ""}};
  birth.limits = {.address_space = std::size_t{1} << 40, .core = 5, .open_files = 6, .cpu_seconds = 7};
  birth.nice = -4;
  birth.channel = 10;
  birth.out = 11;
  birth.report = 13;
  birth.setup = std::string("s\0tup", 5);
  return birth;
}

}  // namespace

TEST_CASE("a birth comes back as it was, to the last field") {
  const worker_birth sent = full_birth();
  const worker_birth got = decode_birth(encode_birth(sent));
  CHECK(got.id == 7);
  CHECK(got.generation == 3);
  CHECK(got.program == sent.program);
  CHECK(got.env == sent.env);
  CHECK(got.limits.address_space == std::size_t{1} << 40);
  CHECK(got.limits.core == 5);
  CHECK(got.limits.open_files == 6);
  CHECK(got.limits.cpu_seconds == 7);
  CHECK(got.nice == -4);
  CHECK(std::as_const(got).descriptors() == sent.descriptors());
  CHECK(got.setup == sent.setup);
  CHECK(decode_birth(encode_birth({})).channel == -1);
}

TEST_CASE("a birth that is cut off anywhere, or has something behind it, is a protocol error that says its size") {
  const std::string bytes = encode_birth(full_birth());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK_THROWS_AS(decode_birth(std::string(bytes, 0, size)), protocol_error);
  }
  CHECK_THROWS_WITH(decode_birth(bytes + "x"),
                    Catch::Matchers::ContainsSubstring(std::to_string(bytes.size() + 1) + " bytes"));
}

TEST_CASE("a birth that claims more words than it holds is refused without room being made for them") {
  std::string bytes = encode_birth({});
  const std::size_t count_of_words = bytes.size() - 3 * sizeof(std::uint32_t);
  for (std::size_t byte = 0; byte < sizeof(std::uint32_t); ++byte) bytes[count_of_words + byte] = '\xFF';
  CHECK_THROWS_AS(decode_birth(bytes), protocol_error);
}
