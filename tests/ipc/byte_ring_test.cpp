#include <workpool/ipc/byte_ring.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

using namespace workpool::detail;
using workpool_test::byte_vector;
using workpool_test::patterned;

namespace {

constexpr std::size_t capacity = 64;

struct ring {
  ring_words words;
  std::array<std::byte, capacity> bytes{};
  ring_writer writer{words, bytes};
  ring_reader reader{words, bytes};

  std::optional<std::size_t> write(std::span<const std::byte> some) { return writer.write(std::array{some}); }
  std::optional<std::size_t> read(std::size_t most, byte_vector& into) {
    byte_vector room(most);
    const auto got = reader.read(room);
    into.insert(into.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(got.value_or(0)));
    return got;
  }
};

}  // namespace

TEST_CASE("bytes come out of a ring as they went in, wherever it ends") {
  for (std::size_t piece = 1; piece <= capacity; ++piece) {
    ring one;
    const byte_vector sent = patterned(1000);
    byte_vector got;
    for (std::span<const std::byte> left = sent; !left.empty();) {
      const auto gone = one.write(left.first(std::min(piece, left.size())));
      REQUIRE(gone);
      left = left.subspan(*gone);
      REQUIRE(one.read(piece + 3, got));
    }
    REQUIRE(got == sent);
    REQUIRE_FALSE(one.reader.any());
  }
}

TEST_CASE("a ring takes what fits of several pieces, and the rest when there is room") {
  ring one;
  const byte_vector first = patterned(40, 1), second = patterned(40, 2);
  CHECK(one.writer.write(std::array<std::span<const std::byte>, 2>{first, second}) == capacity);
  CHECK(one.write(second) == 0U);
  CHECK_FALSE(one.writer.has_room());
  byte_vector got;
  CHECK(one.read(24, got) == 24U);
  CHECK(one.writer.has_room());
  CHECK(one.write(std::span(second).subspan(24)) == 16U);
  while (one.read(7, got).value_or(0) != 0) {
  }
  byte_vector expected = first;
  expected.insert(expected.end(), second.begin(), second.end());
  CHECK(got == expected);
}

TEST_CASE("room is worth a call from a quarter of the ring on") {
  ring one;
  REQUIRE(one.write(patterned(capacity)) == capacity);
  byte_vector got;
  REQUIRE(one.read(capacity / 4 - 1, got) == capacity / 4 - 1);
  CHECK_FALSE(one.reader.has_made_room());
  CHECK_FALSE(one.writer.has_room());
  REQUIRE(one.read(1, got) == 1U);
  CHECK(one.reader.has_made_room());
  CHECK(one.writer.has_room());
}

TEST_CASE("a writer that claims more than fits is not believed") {
  const std::uint64_t claim = GENERATE(capacity + 1, std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max());
  ring one;
  REQUIRE(one.write(patterned(10)) == 10U);
  byte_vector got;
  REQUIRE(one.read(10, got) == 10U);
  one.words.written = 10 + claim;
  CHECK(one.reader.any());
  CHECK_FALSE(one.read(100, got));
  one.words.written = 9;  // less than was read
  CHECK_FALSE(one.read(100, got));
}

TEST_CASE("a reader that claims what cannot be is not believed, and never makes a writer overwrite its own bytes") {
  ring one;
  REQUIRE(one.write(patterned(60)) == 60U);
  byte_vector got;
  REQUIRE(one.read(20, got) == 20U);
  REQUIRE(one.write(patterned(20)) == 20U);
  const std::uint64_t claim = GENERATE(81U, 19U, 0U, std::numeric_limits<std::uint64_t>::max());
  one.words.read = claim;
  CHECK_FALSE(one.write(patterned(10)));
  CHECK(one.writer.has_room());  // so that who waits finds out
}

TEST_CASE("what the other side writes over the position of this one does not move it") {
  ring one;
  REQUIRE(one.write(patterned(10)) == 10U);
  byte_vector got;
  REQUIRE(one.read(4, got) == 4U);
  one.words.read = 0;
  REQUIRE(one.read(100, got) == 6U);
  CHECK(got == patterned(10));
}

TEST_CASE("a writer sees that all is read, and is told nothing else by a reader that lies") {
  ring one;
  CHECK(one.writer.is_read());
  REQUIRE(one.write(patterned(10)) == 10U);
  CHECK_FALSE(one.writer.is_read());
  byte_vector got;
  REQUIRE(one.read(4, got) == 4U);
  CHECK_FALSE(one.writer.is_read());
  REQUIRE(one.read(6, got) == 6U);
  CHECK(one.writer.is_read());
  one.words.read = 1000;
  CHECK_FALSE(one.writer.is_read());
}

TEST_CASE("nothing is written for a reader that has left") {
  ring one;
  one.words.reader_left = 1;
  CHECK_FALSE(one.write(patterned(1)));
}

TEST_CASE("two threads pass a stream of bytes through a ring") {
  ring one;
  const byte_vector sent = patterned(200'000);
  std::thread writer([&] {
    std::size_t size = 1;
    for (std::span<const std::byte> left = sent; !left.empty(); size = size % 90 + 1) {
      left = left.subspan(one.write(left.first(std::min(size, left.size()))).value_or(0));
    }
  });
  byte_vector got;
  while (got.size() < sent.size()) {
    if (one.read(got.size() % 80 + 1, got).value_or(sent.size()) > capacity) break;
  }
  writer.join();
  CHECK(got == sent);
}
