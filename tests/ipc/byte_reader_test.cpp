#include <workpool/ipc/byte_reader.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "support/catch.hpp"
#include "support/round_trip.hpp"

using Catch::Matchers::ContainsSubstring;
using workpool::byte_reader;
using workpool::codec_error;
using workpool_test::bytes;
using workpool_test::encoded;
using workpool_test::exact_copy;

TEST_CASE("bytes are read in their order, copied or in place", "[byte_reader]") {
  const bytes message = encoded(std::uint32_t{5}, 'a', 'b', 'c');
  byte_reader from(message);
  CHECK(from.read_raw<std::uint32_t>() == 5);
  CHECK(from.take(1).data() == &message[4]);
  std::array<char, 2> rest{};
  from.read(rest.data(), 2);
  CHECK(rest == std::array{'b', 'c'});
  CHECK(from.left() == 0);
  CHECK_NOTHROW(from.expect_end());
}

TEST_CASE("a read past the end takes nothing and says what is missing", "[byte_reader]") {
  const exact_copy message(encoded('a', 'b', 'c'));
  byte_reader from(message);
  std::array<char, 8> rest{};
  CHECK_THROWS_AS(from.read(rest.data(), 4), codec_error);
  CHECK_THROWS_WITH(from.take(4), ContainsSubstring("4 more bytes") && ContainsSubstring("3 are left"));
  CHECK_THROWS_AS(from.take(SIZE_MAX), codec_error);
  CHECK_THROWS_AS(from.read_raw<std::uint64_t>(), codec_error);
  CHECK(from.left() == 3);
  CHECK_NOTHROW(from.take(3));
  CHECK_THROWS_AS(from.read(rest.data(), 1), codec_error);
}

TEST_CASE("nothing can be read into nowhere, also at the end", "[byte_reader]") {
  byte_reader from(std::span<const std::byte>{});
  CHECK_NOTHROW(from.read(nullptr, 0));
  CHECK(from.take(0).empty());
}

TEST_CASE("objects are read from wherever they lie, also those without default constructor", "[byte_reader]") {
  struct only_from_int {
    explicit only_from_int(int from) : value(from) {}
    int value;
  };
  const bytes message = encoded('x', 7);
  byte_reader from(message);
  from.take(1);  // the int is not aligned
  CHECK(from.read_raw<only_from_int>().value == 7);
}

TEST_CASE("a number of elements is accepted only if they can be there", "[byte_reader]") {
  const bytes message = encoded(std::uint64_t{3}, 'a', 'b', 'c');
  CHECK(byte_reader(message).read_count(1) == 3);
  byte_reader too_big(message);
  CHECK_THROWS_WITH(too_big.read_count(2), ContainsSubstring("3 elements") && ContainsSubstring("2 bytes each") &&
                                               ContainsSubstring("only 3"));
  for (const std::uint64_t count : {std::uint64_t{1} << 63, UINT64_MAX, (std::uint64_t{1} << 61) + 1}) {
    const bytes hostile = encoded(count, 'a');
    CHECK_THROWS_AS(byte_reader(hostile).read_count(1), codec_error);
    CHECK_THROWS_AS(byte_reader(hostile).read_count(8), codec_error);
  }
}

TEST_CASE("what is left over is counted", "[byte_reader]") {
  const bytes message = encoded('a', 'b');
  CHECK_THROWS_WITH(byte_reader(message).expect_end(), ContainsSubstring("2 bytes longer"));
}
