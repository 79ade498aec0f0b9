#include <workpool/detail/posix/pipe_reading.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <array>
#include <string>
#include <string_view>
#include <workpool/detail/posix/pipe.hpp>

using namespace workpool::detail;

TEST_CASE("an empty pipe is not waited for, whether it blocks or not") {
  const bool blocking = GENERATE(true, false);
  const pipe_ends ends = pipe_ends::make();
  REQUIRE(ends);
  if (!blocking) REQUIRE(set_nonblocking(ends.reading.get()));
  std::array<char, 8> room{};
  CHECK(bytes_in(ends.reading.get()) == 0);
  CHECK(read_now(ends.reading.get(), room).state == read_state::nothing);
}

TEST_CASE("what is in a pipe is read in pieces of the given size, and then it is over or not") {
  pipe_ends ends = pipe_ends::make();
  REQUIRE(ends);
  REQUIRE(::write(ends.writing.get(), "abcdefghij", 10) == 10);
  CHECK(bytes_in(ends.reading.get()) == 10);
  std::array<char, 8> room{};
  const read_result first = read_now(ends.reading.get(), room);
  CHECK(first.state == read_state::some);
  CHECK(std::string(room.data(), first.size) == "abcdefgh");
  CHECK(bytes_in(ends.reading.get()) == 2);
  const read_result second = read_now(ends.reading.get(), room);
  CHECK(std::string(room.data(), second.size) == "ij");
  CHECK(read_now(ends.reading.get(), room).state == read_state::nothing);
  ends.writing.reset();
  CHECK(read_now(ends.reading.get(), room).state == read_state::over);
}

TEST_CASE("from a descriptor that is none or cannot be read there is nothing to come") {
  const pipe_ends ends = pipe_ends::make();
  REQUIRE(ends);
  std::array<char, 8> room{};
  CHECK(read_now(-1, room).state == read_state::over);
  CHECK(bytes_in(-1) == 0);
  const int closed = [] { return pipe_ends::make().reading.get(); }();
  CHECK(read_now(closed, room).state == read_state::over);
}
