#include <workpool/ipc/unsent_frames.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>

using workpool::detail::unsent_frames;
using namespace workpool_test;

namespace {

byte_vector contents(const unsent_frames& unsent) {
  std::array<std::span<const std::byte>, 100> views;
  byte_vector all;
  for (const auto view : std::span(views).first(unsent.front(views))) all.insert(all.end(), view.begin(), view.end());
  return all;
}

}  // namespace

TEST_CASE("what is kept is what had not gone, wherever the cut is") {
  const byte_vector header = patterned(4, 1);
  const byte_vector payload = patterned(6, 2);
  byte_vector whole = header;
  append(whole, payload);
  for (std::size_t gone = 0; gone <= whole.size(); ++gone) {
    unsent_frames unsent;
    unsent.keep(header, payload, gone);
    CHECK(unsent.size() == whole.size() - gone);
    CHECK(unsent.empty() == (gone == whole.size()));
    CHECK(contents(unsent) == byte_vector(whole.begin() + static_cast<std::ptrdiff_t>(gone), whole.end()));
  }
}

TEST_CASE("bytes are dropped from the front, across pieces, in steps of any size") {
  byte_vector all;
  for (std::uint32_t i = 0; i < 50; ++i) append(all, patterned(3 + i % 5, i));
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{60}, all.size()}) {
    unsent_frames unsent;
    for (std::uint32_t i = 0; i < 50; ++i) {
      const byte_vector piece = patterned(3 + i % 5, i);
      unsent.keep(std::span(piece).first(2), std::span(piece).subspan(2), 0);
    }
    for (std::size_t gone = 0; gone < all.size(); gone += step) {
      REQUIRE(unsent.size() == all.size() - gone);
      REQUIRE(contents(unsent) == byte_vector(all.begin() + static_cast<std::ptrdiff_t>(gone), all.end()));
      unsent.drop(std::min(step, unsent.size()));
    }
    CHECK(unsent.empty());
    CHECK(contents(unsent).empty());
  }
}

TEST_CASE("pieces that are gone do not fill memory while others follow for ever") {
  unsent_frames unsent;
  const byte_vector piece = patterned(8);
  unsent.keep(piece, {}, 0);
  for (int i = 0; i < 1000; ++i) {
    unsent.keep(piece, {}, 0);
    unsent.drop(8);
  }
  CHECK(unsent.size() == 8);
  CHECK(contents(unsent) == piece);
}

TEST_CASE("as many pieces are shown as there are views") {
  unsent_frames unsent;
  for (int i = 0; i < 5; ++i) unsent.keep(patterned(2), {}, 0);
  std::array<std::span<const std::byte>, 3> views;
  CHECK(unsent.front(views) == 3);
  unsent.drop(8);
  CHECK(unsent.front(views) == 1);
}

TEST_CASE("a payload that memory cannot hold leaves what was kept") {
  unsent_frames unsent;
  const byte_vector header = patterned(4);
  unsent.keep(header, {}, 0);
  // Never read: a vector refuses the size first.
  const std::span<const std::byte> endless(header.data(), std::numeric_limits<std::size_t>::max() / 2 + 9);
  CHECK_THROWS_AS(unsent.keep(header, endless, 0), std::length_error);
  CHECK(unsent.size() == 4);
  CHECK(contents(unsent) == header);
}

TEST_CASE("a lent payload is kept where it is, wherever the cut is, and let go of with its last byte") {
  const byte_vector header = patterned(4, 1);
  for (std::size_t gone = 0; gone <= 10; ++gone) {
    auto owner = std::make_shared<const byte_vector>(patterned(6, 2));
    const std::span<const std::byte> payload(*owner);
    const std::weak_ptr<const byte_vector> seen = owner;
    byte_vector whole = header;
    append(whole, *owner);
    unsent_frames unsent;
    unsent.keep(header, payload, gone, std::exchange(owner, nullptr));
    CHECK(unsent.size() == 10 - gone);
    CHECK(seen.expired() == (gone == 10));
    CHECK(contents(unsent) == byte_vector(whole.begin() + static_cast<std::ptrdiff_t>(gone), whole.end()));
    if (gone < 10) {
      std::array<std::span<const std::byte>, 3> views;
      CHECK(views[unsent.front(views) - 1].data() == payload.data() + (gone < 4 ? 0 : gone - 4));
      unsent.drop(9 - gone);
      CHECK_FALSE(seen.expired());
      unsent.drop(1);
      CHECK(seen.expired());
    }
  }
}

TEST_CASE("what is lent is let go of when all is cleared, and when nothing is left of it to keep") {
  const auto owner = std::make_shared<const byte_vector>(patterned(6));
  unsent_frames unsent;
  unsent.keep({}, *owner, 0, owner);
  CHECK(owner.use_count() == 2);
  unsent.clear();
  CHECK(owner.use_count() == 1);
  unsent.keep(patterned(3), {}, 0, owner);
  CHECK(owner.use_count() == 1);
  CHECK(unsent.size() == 3);
}

TEST_CASE("copies and loans are kept in their order") {
  unsent_frames unsent;
  byte_vector all;
  for (std::uint32_t i = 0; i < 20; ++i) {
    const auto payload = std::make_shared<const byte_vector>(patterned(5, i));
    const byte_vector header = patterned(2, 100 + i);
    append(all, header);
    append(all, *payload);
    unsent.keep(header, *payload, 0, i % 3 == 0 ? nullptr : payload);
  }
  for (std::size_t gone = 0; gone < all.size(); ++gone) {
    REQUIRE(contents(unsent) == byte_vector(all.begin() + static_cast<std::ptrdiff_t>(gone), all.end()));
    unsent.drop(1);
  }
  CHECK(unsent.empty());
}

TEST_CASE("what was moved from is empty") {
  unsent_frames one;
  one.keep(patterned(3), {}, 0);
  unsent_frames two(std::move(one));
  CHECK(one.empty());
  CHECK(contents(two) == patterned(3));
  one = std::move(two);
  CHECK(two.empty());
  CHECK(one.size() == 3);
  one.clear();
  CHECK(one.empty());
  CHECK(contents(one).empty());
}
