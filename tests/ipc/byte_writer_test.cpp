#include <workpool/ipc/byte_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using workpool::byte_writer;

TEST_CASE("bytes are appended after those that are there, which do not count", "[byte_writer]") {
  std::vector<std::byte> message(3, std::byte{7});
  byte_writer into(message, 6);
  into.write("abc", 3);
  CHECK(into.size() == 3);
  CHECK(into.room() == 3);
  REQUIRE(message.size() == 6);
  CHECK(message[2] == std::byte{7});
  CHECK(std::memcmp(&message[3], "abc", 3) == 0);
}

TEST_CASE("an object is written as its bytes", "[byte_writer]") {
  std::vector<std::byte> message;
  byte_writer into(message, 8);
  const std::uint64_t number = 0x0102030405060708;
  into.write_raw(number);
  REQUIRE(message.size() == 8);
  CHECK(std::memcmp(message.data(), &number, 8) == 0);
}

TEST_CASE("a write beyond the limit appends nothing and says what to raise", "[byte_writer]") {
  std::vector<std::byte> message;
  byte_writer into(message, 5);
  into.write("abcd", 4);
  CHECK_THROWS_AS(into.write("ef", 2), workpool::message_too_large);
  CHECK_THROWS_WITH(into.write("ef", 2), ContainsSubstring("4 + 2") && ContainsSubstring("limit of 5 bytes") &&
                                             ContainsSubstring("max_message"));
  CHECK(message.size() == 4);
  CHECK_NOTHROW(into.write("e", 1));
  CHECK(into.room() == 0);
}

TEST_CASE("a size that no message can have is refused without looking at the bytes", "[byte_writer]") {
  std::vector<std::byte> message;
  byte_writer into(message, 100);
  into.write("a", 1);
  CHECK_THROWS_AS(into.write(nullptr, SIZE_MAX), workpool::message_too_large);
  CHECK(message.size() == 1);
}

TEST_CASE("nothing can be written from nowhere, also when the writer is full", "[byte_writer]") {
  std::vector<std::byte> message;
  byte_writer into(message, 0);
  CHECK_NOTHROW(into.write(nullptr, 0));
  CHECK(message.empty());
}

TEST_CASE("what was appended can be taken back, what was there before cannot", "[byte_writer]") {
  std::vector<std::byte> message(2);
  byte_writer into(message, 10);
  into.write("abc", 3);
  const std::size_t here = into.size();
  into.write("def", 3);
  into.rewind(here);
  CHECK(message.size() == 5);
  into.rewind(100);
  CHECK(message.size() == 5);
  into.rewind(0);
  CHECK(message.size() == 2);
  CHECK(into.room() == 10);
}

TEST_CASE("room for what is expected is made once, and only where the limit lets it be written", "[byte_writer]") {
  std::vector<std::byte> message(1);
  byte_writer into(message, 1'000'000);
  into.expect(100);
  CHECK(message.capacity() < 100);
  into.expect(1'000'001);
  CHECK(message.capacity() < 100);
  into.expect(900'000);
  const std::byte* const where = message.data();
  const std::vector<char> large(900'000, 'x');
  into.write("ab", 2);
  into.write(large.data(), large.size());
  into.write("cd", 2);
  CHECK(message.data() == where);
  CHECK(into.size() == 900'004);
  into.expect(0);
  CHECK(message.data() == where);
}
