#include <workpool/ipc/nesting_depth.hpp>

#include <cstddef>
#include <deque>
#include <string>

#include "support/catch.hpp"

using workpool::detail::nesting_depth;

TEST_CASE("256 levels fit, and one more is refused with the limit", "[nesting_depth]") {
  nesting_depth depth;
  std::deque<nesting_depth::level> levels;
  for (std::size_t n = 0; n < 256; ++n) levels.emplace_back(depth);
  CHECK_THROWS_WITH(levels.emplace_back(depth), Catch::Matchers::ContainsSubstring("256 levels"));
  CHECK_THROWS_AS(levels.emplace_back(depth), workpool::codec_error);
}

TEST_CASE("a level that ended makes room for another", "[nesting_depth]") {
  nesting_depth depth;
  std::deque<nesting_depth::level> levels;
  for (std::size_t n = 0; n < 255; ++n) levels.emplace_back(depth);
  for (int n = 0; n < 10; ++n) CHECK_NOTHROW(nesting_depth::level(depth));
  levels.emplace_back(depth);
  CHECK_THROWS_AS(nesting_depth::level(depth), workpool::codec_error);
  levels.pop_back();
  CHECK_NOTHROW(nesting_depth::level(depth));
}
