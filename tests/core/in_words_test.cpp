#include <workpool/core/in_words.hpp>

#include "support/catch.hpp"

#include <chrono>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::detail::in_words;

TEST_CASE("a duration is told exactly, in the largest unit that leaves no fraction", "[in_words]") {
  CHECK(in_words(2s) == "2 s");
  CHECK(in_words(90min) == "5400 s");
  CHECK(in_words(1500ms) == "1500 ms");
  CHECK(in_words(-1ms) == "-1 ms");
  CHECK(in_words(20us) == "20 us");
  CHECK(in_words(1s + 1ns) == "1000000001 ns");
  CHECK(in_words(0s) == "0 ns");
  CHECK(in_words(wp::duration::max()) == "duration::max()");
  CHECK(in_words(wp::duration::min()) == "-9223372036854775808 ns");
}

TEST_CASE("one thing is told in the singular", "[in_words]") {
  CHECK(in_words(0, "buffer") == "0 buffers");
  CHECK(in_words(1, "buffer") == "1 buffer");
  CHECK(in_words(2, "buffer") == "2 buffers");
}
