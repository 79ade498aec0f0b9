#include <workpool/ipc/byte_buffer.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

using workpool::byte_buffer;
using namespace workpool_test;

static_assert(!std::is_copy_constructible_v<byte_buffer>);
static_assert(std::is_nothrow_move_constructible_v<byte_buffer>);

TEST_CASE("a buffer that nobody filled holds nothing and has no memory") {
  const byte_buffer none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.capacity() == 0);
  CHECK(none == byte_buffer());
  CHECK(none == byte_vector());
}

TEST_CASE("bytes stay while the buffer grows, also beyond what is moved by its pages") {
  byte_buffer one;
  byte_vector expected;
  for (std::size_t size = 1; size <= std::size_t{8} << 20; size *= 2) {
    one.reserve(size);
    CHECK(one.capacity() == size);
    REQUIRE(one.room().size() == size - expected.size());
    const byte_vector part = patterned(one.room().size() / 2, static_cast<std::uint32_t>(size));
    one.append(part);
    append(expected, part);
    const byte_vector other = patterned(one.room().size(), static_cast<std::uint32_t>(size) + 1);
    std::copy(other.begin(), other.end(), one.room().begin());
    one.extend(other.size());
    append(expected, other);
    REQUIRE(one == expected);
  }
}

TEST_CASE("no more is reserved than was asked for, whatever the block that is there, and less changes nothing") {
  for (const std::size_t size : {std::size_t{2} << 20, std::size_t{100'000}, std::size_t{70'000}}) {
    byte_buffer one;
    one.reserve(size);
    CHECK(one.capacity() == size);
    one.reserve(10);
    CHECK(one.capacity() == size);
  }
}

TEST_CASE("what memory cannot hold is refused and leaves the bytes") {
  byte_buffer one(patterned(100));
  CHECK_THROWS_AS(one.reserve(std::numeric_limits<std::size_t>::max() / 2 + 1), std::bad_alloc);
  CHECK(one == patterned(100));
  CHECK(one.capacity() == 100);
}

TEST_CASE("an assigned buffer is a copy, in the memory there is") {
  byte_buffer one(patterned(100, 1));
  const std::byte* const where = one.data();
  one.assign(patterned(50, 2));
  CHECK(one == patterned(50, 2));
  CHECK(one.data() == where);
  one.assign({});
  CHECK(one.empty());
}

TEST_CASE("a moved buffer keeps its place, and what it was moved from is empty") {
  byte_buffer one(patterned(100'000));
  const std::byte* const where = one.data();
  byte_buffer two(std::move(one));
  CHECK(two.data() == where);
  CHECK(one.empty());
  CHECK(one.capacity() == 0);
  one = std::move(two);
  CHECK(one.data() == where);
  CHECK(one == patterned(100'000));
  CHECK_FALSE(one == two);
}
