#include <workpool/ipc/memory_stream.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

using workpool::detail::memory_stream;
using namespace workpool_test;

namespace {

std::optional<std::size_t> write(memory_stream& to, std::span<const std::byte> bytes) {
  return to.write(std::array{bytes});
}

/// Everything that can be read, in steps of this size.
byte_vector read_all(memory_stream& from, std::size_t step = 1000) {
  byte_vector all;
  byte_vector room(step);
  for (;;) {
    const auto got = from.read(room);
    if (!got || *got == 0) return all;
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

bool ended(memory_stream& from) {
  std::array<std::byte, 1> room;
  return !from.read(room);
}

}  // namespace

TEST_CASE("pieces are read as one run of bytes, in steps of any size") {
  const std::size_t step = GENERATE(1U, 3U, 1000U);
  auto both = memory_stream::make_pair(0);
  REQUIRE(both);
  auto& [one, two] = *both;
  const byte_vector first = patterned(40, 1), second = patterned(17, 2);
  CHECK(one.write(std::array{std::span<const std::byte>(first), std::span<const std::byte>(second)}) == 57);
  byte_vector expected = first;
  append(expected, second);
  CHECK(read_all(two, step) == expected);
  CHECK(read_all(one).empty());
}

TEST_CASE("a full stream takes what fits, to the byte, and the rest when there is room") {
  auto both = memory_stream::make_pair(10);
  REQUIRE(both);
  auto& [one, two] = *both;
  const byte_vector bytes = patterned(15);
  CHECK(write(one, bytes) == 10);
  CHECK(write(one, std::span(bytes).subspan(10)) == 0);
  byte_vector room(4);
  REQUIRE(two.read(room) == 4);
  CHECK(write(one, std::span(bytes).subspan(10)) == 4);
  CHECK(read_all(two) == byte_vector(bytes.begin() + 4, bytes.begin() + 14));
  CHECK(write(two, bytes) == 10);  // the other direction has a capacity of its own
}

TEST_CASE("a closed end leaves what it wrote, and the other end cannot write any more") {
  auto both = memory_stream::make_pair(0);
  REQUIRE(both);
  auto& [one, two] = *both;
  REQUIRE(write(one, patterned(5)) == 5);
  REQUIRE(write(two, patterned(6)) == 6);
  one.close();
  CHECK(one.handle() == -1);
  CHECK_FALSE(write(two, patterned(1)));
  CHECK(read_all(two) == patterned(5));
  CHECK(ended(two));
}

TEST_CASE("an end that is destroyed is closed") {
  auto both = memory_stream::make_pair(0);
  REQUIRE(both);
  auto two = std::move(both->second);
  both.reset();
  CHECK(ended(two));
  CHECK_FALSE(write(two, patterned(1)));
}

TEST_CASE("a connection breaks after exactly so many bytes") {
  const std::size_t bytes = GENERATE(0U, 1U, 7U, 8U);
  auto both = memory_stream::make_pair(0);
  REQUIRE(both);
  auto& [one, two] = *both;
  REQUIRE(write(one, patterned(3, 1)) == 3);
  REQUIRE(write(two, patterned(2, 2)) == 2);
  one.break_after(bytes);
  CHECK(write(one, patterned(8)).value_or(0) == bytes);
  CHECK_FALSE(write(one, patterned(8)));
  CHECK_FALSE(write(two, patterned(8)));
  byte_vector expected = patterned(3, 1);
  const byte_vector arrived = patterned(8);
  expected.insert(expected.end(), arrived.begin(), arrived.begin() + static_cast<std::ptrdiff_t>(bytes));
  CHECK(read_all(two) == expected);
  CHECK(ended(two));
  CHECK(read_all(one) == patterned(2, 2));
  CHECK(ended(one));
}

TEST_CASE("injected bytes pass a stream that is full") {
  auto both = memory_stream::make_pair(4);
  REQUIRE(both);
  auto& [one, two] = *both;
  REQUIRE(write(one, patterned(9)) == 4);
  one.inject(patterned(9, 1));
  CHECK(write(one, patterned(9)) == 0);
  byte_vector expected = patterned(9);
  expected.resize(4);
  append(expected, patterned(9, 1));
  CHECK(read_all(two) == expected);
}

TEST_CASE("a stream through which much passes keeps its bytes in order") {
  auto both = memory_stream::make_pair(1000);
  REQUIRE(both);
  auto& [one, two] = *both;
  const byte_vector all = patterned(200'000);
  std::span<const std::byte> left(all);
  byte_vector arrived;
  byte_vector room(333);
  while (arrived.size() < all.size()) {
    const auto gone = write(one, left);
    REQUIRE(gone);
    left = left.subspan(*gone);
    const auto got = two.read(room);
    REQUIRE(got);
    arrived.insert(arrived.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*got));
  }
  CHECK(arrived == all);
}
