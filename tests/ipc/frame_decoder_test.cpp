#include <workpool/ipc/frame_decoder.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

using namespace workpool;
using namespace workpool_test;

namespace {

constexpr std::size_t no_limit = std::numeric_limits<std::size_t>::max();

std::vector<frame> feed(frame_decoder& decoder, std::span<const std::byte> bytes) {
  std::vector<frame> found;
  while (auto one = decoder.next(bytes)) found.push_back(std::move(*one));
  CHECK(bytes.empty());
  return found;
}

std::string refusal(const byte_vector& bytes, std::size_t max_payload = no_limit) {
  frame_decoder decoder(max_payload);
  CHECK(feed(decoder, bytes).empty());
  REQUIRE(decoder.error() != nullptr);
  CHECK(decoder.error()->code() == errc::protocol_error);
  return decoder.error()->what();
}

}  // namespace

TEST_CASE("a frame is complete with its last byte and not before") {
  const byte_vector payload = patterned(5);
  const byte_vector wire = wire_frame(77, payload);
  frame_decoder decoder(no_limit);
  CHECK(decoder.between_frames());
  for (std::size_t i = 0; i + 1 < wire.size(); ++i) {
    REQUIRE(feed(decoder, std::span(wire).subspan(i, 1)).empty());
    REQUIRE_FALSE(decoder.between_frames());
  }
  const std::vector<frame> found = feed(decoder, std::span(wire).last(1));
  REQUIRE(found.size() == 1);
  CHECK(found[0].header == frame_header{.length = 5, .task = 77, .kind = frame_kind::task});
  CHECK(found[0].payload == payload);
  CHECK(decoder.between_frames());
}

TEST_CASE("a frame is handed over while the bytes after it are left where they are") {
  byte_vector wire = wire_frame(1, patterned(3));
  append(wire, wire_frame(2, {}));
  wire.push_back(std::byte{9});
  frame_decoder decoder(no_limit);
  std::span<const std::byte> rest(wire);
  const std::optional<frame> first = decoder.next(rest);
  REQUIRE(first);
  CHECK(first->header.task == 1);
  CHECK(rest.size() == 33);
  const std::optional<frame> second = decoder.next(rest);
  REQUIRE(second);
  CHECK(second->header.task == 2);
  CHECK(second->payload.empty());
  CHECK(rest.size() == 1);
  CHECK_FALSE(decoder.next(rest));
  CHECK(rest.empty());
}

TEST_CASE("the frames are the same however the bytes are cut in two or three") {
  byte_vector wire;
  for (std::uint32_t i = 0; i < 4; ++i) append(wire, wire_frame(i, patterned(i * 7, i)));
  frame_decoder whole(no_limit);
  const std::vector<frame> expected = feed(whole, wire);
  REQUIRE(expected.size() == 4);
  for (std::size_t a = 0; a <= wire.size(); ++a) {
    for (std::size_t b = a; b <= wire.size(); b += 5) {
      frame_decoder decoder(no_limit);
      std::vector<frame> found;
      for (const auto part :
           {std::span(wire).first(a), std::span(wire).subspan(a, b - a), std::span(wire).subspan(b)}) {
        for (frame& one : feed(decoder, part)) found.push_back(std::move(one));
      }
      if (found != expected) FAIL("cut at " << a << " and " << b);
    }
  }
}

TEST_CASE("a wrong magic number is refused by its value") {
  frame_header header{.kind = frame_kind::ping};
  header.magic = 0xDEADBEEF;
  const std::string text = refusal(bytes_of(header));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("frame 1 "));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("0xdeadbeef"));
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("0x1f55750"));
}

TEST_CASE("text in place of a frame is refused") {
  CHECK_THAT(refusal(bytes_of("terminate called after throwing an instance of 'std::runtime_error'")),
             Catch::Matchers::ContainsSubstring("something else was written into the channel"));
}

TEST_CASE("a kind that does not exist is refused by its number") {
  const int number = GENERATE(0, static_cast<int>(frame_kind::log) + 1, 65535);
  CHECK_THAT(refusal(bytes_of({.kind = static_cast<frame_kind>(number)})),
             Catch::Matchers::ContainsSubstring("is of kind " + std::to_string(number) + ", "));
}

TEST_CASE("a frame that claims more than the limit is refused before anything is allocated") {
  const std::uint64_t claim = GENERATE(std::uint64_t{1001}, std::uint64_t{1} << 31, ~std::uint64_t{0});
  frame_decoder decoder(1000);
  CHECK(feed(decoder, bytes_of({.length = claim, .kind = frame_kind::result})).empty());
  REQUIRE(decoder.error() != nullptr);
  CHECK_THAT(decoder.error()->what(), Catch::Matchers::ContainsSubstring("claims " + std::to_string(claim) + " bytes"));
  CHECK_THAT(decoder.error()->what(), Catch::Matchers::ContainsSubstring("limit is 1000"));
  CHECK(decoder.reserved() == 0);
}

TEST_CASE("a payload of exactly the limit is accepted") {
  frame_decoder decoder(1000);
  CHECK(feed(decoder, wire_frame(1, patterned(1000))).size() == 1);
  CHECK(decoder.error() == nullptr);
}

TEST_CASE("a header that claims 2 GiB allocates nothing, and its first byte no more than 64 KiB") {
  frame_decoder decoder(no_limit);
  CHECK(feed(decoder, bytes_of({.length = std::uint64_t{2} << 30, .kind = frame_kind::result})).empty());
  CHECK(decoder.error() == nullptr);
  CHECK(decoder.reserved() == 0);
  CHECK(feed(decoder, patterned(1)).empty());
  CHECK(decoder.reserved() == frame_decoder::trusted_size);
}

TEST_CASE("memory for a large payload grows with what arrives and ends at its length") {
  const std::size_t length = 3'000'001;
  const byte_vector payload = patterned(length);
  frame_decoder decoder(no_limit);
  CHECK(feed(decoder, bytes_of({.length = length, .kind = frame_kind::result})).empty());
  std::size_t growths = 0;
  std::size_t reserved = 0;
  std::size_t arrived = 0;
  std::optional<frame> one;
  while (!one) {
    auto part = std::span<const std::byte>(payload).subspan(arrived, std::min<std::size_t>(1000, length - arrived));
    arrived += part.size();
    one = decoder.next(part);
    if (one) break;
    REQUIRE(decoder.reserved() <= std::max(frame_decoder::trusted_size, 2 * arrived));
    if (decoder.reserved() != reserved) ++growths;
    reserved = decoder.reserved();
  }
  CHECK(growths <= 7);  // 64 KiB, doubled until 3 MB
  CHECK(one->payload == payload);
  CHECK(one->payload.capacity() == length);
}

TEST_CASE("a payload may be written in place, in turns with bytes that are given") {
  const std::size_t length = 700'003;
  const byte_vector payload = patterned(length);
  frame_decoder decoder(no_limit);
  CHECK(decoder.missing() == 0);
  CHECK(decoder.room().empty());
  CHECK(feed(decoder, bytes_of({.length = length, .task = 4, .kind = frame_kind::result})).empty());
  std::optional<frame> one;
  for (std::size_t arrived = 0; arrived < length;) {
    REQUIRE(decoder.missing() == length - arrived);
    if (arrived % 3 == 0) {
      auto part = std::span<const std::byte>(payload).subspan(arrived, std::min<std::size_t>(1001, length - arrived));
      arrived += part.size();
      one = decoder.next(part);
      CHECK(part.empty());
    } else {
      const std::span<std::byte> room = decoder.room();
      REQUIRE_FALSE(room.empty());
      REQUIRE(room.size() <= length - arrived);
      REQUIRE(decoder.reserved() <= std::max(frame_decoder::trusted_size, 2 * arrived));
      const std::size_t count = std::min<std::size_t>(room.size(), 70'001);
      std::copy_n(payload.begin() + static_cast<std::ptrdiff_t>(arrived), count, room.begin());
      arrived += count;
      one = decoder.filled(count);
    }
    REQUIRE(one.has_value() == (arrived == length));
  }
  CHECK(one->header.task == 4);
  CHECK(one->payload == payload);
  CHECK(decoder.between_frames());
  CHECK(decoder.missing() == 0);
}

TEST_CASE("there is no room in a header, after one that is refused, or for a payload of no bytes") {
  frame_decoder decoder(1000);
  const byte_vector header = bytes_of({.length = 10, .kind = frame_kind::ping});
  CHECK(feed(decoder, std::span(header).first(31)).empty());
  CHECK(decoder.room().empty());
  CHECK_FALSE(decoder.filled(0));
  frame_decoder empty(1000);
  CHECK(feed(empty, bytes_of({.length = 0, .kind = frame_kind::ping})).size() == 1);
  CHECK(empty.room().empty());
  frame_decoder refusing(1000);
  CHECK(feed(refusing, bytes_of({.length = 1001, .kind = frame_kind::ping})).empty());
  CHECK(refusing.room().empty());
  CHECK(refusing.reserved() == 0);
}

TEST_CASE("an error comes after the frames before it, and nothing comes after it") {
  byte_vector wire = wire_frame(1, patterned(10));
  append(wire, bytes_of("garbage that is as long as a header"));
  append(wire, wire_frame(2, {}));
  frame_decoder decoder(no_limit);
  const std::vector<frame> found = feed(decoder, wire);
  REQUIRE(found.size() == 1);
  CHECK(found[0].header.task == 1);
  REQUIRE(decoder.error() != nullptr);
  const std::string text = decoder.error()->what();
  CHECK_THAT(text, Catch::Matchers::ContainsSubstring("frame 2 "));
  CHECK(feed(decoder, wire_frame(3, {})).empty());
  CHECK(decoder.error()->what() == text);
}

TEST_CASE("a header that is not complete is not judged") {
  byte_vector wire = bytes_of("0123456789012345678901234567890");
  REQUIRE(wire.size() == 31);
  frame_decoder decoder(no_limit);
  CHECK(feed(decoder, wire).empty());
  CHECK(decoder.error() == nullptr);
  CHECK(feed(decoder, bytes_of("1")).empty());
  CHECK(decoder.error() != nullptr);
}
