#include <workpool/detail/posix/safe_text.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <workpool/detail/posix/pipe.hpp>

using workpool::detail::safe_text;

TEST_CASE("numbers and words make a line") {
  safe_text line;
  line.add("signal ").decimal(11).add(" at ").hex(0xdeadbeef).add("\n");
  CHECK(line.view() == "signal 11 at 0xdeadbeef\n");
}

TEST_CASE("the least and the largest numbers are right") {
  CHECK(safe_text().decimal(0).view() == "0");
  CHECK(safe_text().decimal(-17).view() == "-17");
  CHECK(safe_text().decimal(std::numeric_limits<std::int64_t>::max()).view() == "9223372036854775807");
  CHECK(safe_text().decimal(std::numeric_limits<std::int64_t>::min()).view() == "-9223372036854775808");
  CHECK(safe_text().hex(0).view() == "0x0");
  CHECK(safe_text().hex(~std::uint64_t{0}).view() == "0xffffffffffffffff");
}

TEST_CASE("what does not fit into a line is cut off") {
  safe_text line;
  line.add(std::string(500, 'a')).add(std::string(500, 'b')).decimal(5).hex(7);
  CHECK(line.view() == std::string(500, 'a') + std::string(12, 'b'));
}

TEST_CASE("a line is written whole, or its writer learns that it was not") {
  workpool::detail::pipe_ends ends = workpool::detail::pipe_ends::make();
  REQUIRE(ends);
  REQUIRE(workpool::detail::set_nonblocking(ends.writing.get()));
  safe_text line;
  line.add(std::string(511, 'x')).add("\n");
  std::size_t lines = 0;
  while (line.write_to(ends.writing.get())) ++lines;
  CHECK(lines > 7);
  std::array<char, 512> room{};
  REQUIRE(::read(ends.reading.get(), room.data(), room.size()) == 512);
  CHECK(std::string_view(room.data(), room.size()) == line.view());
  CHECK_FALSE(line.write_to(-1));
}
