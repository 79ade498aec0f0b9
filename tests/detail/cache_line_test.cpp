#include <workpool/detail/cache_line.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <bit>
#include <cstddef>

using workpool::detail::cache_line;

TEST_CASE("words aligned to a cache line do not share one") {
  struct two {
    alignas(cache_line) char first;
    alignas(cache_line) char second;
  };
  STATIC_REQUIRE(std::has_single_bit(cache_line));
  STATIC_REQUIRE(offsetof(two, second) - offsetof(two, first) >= cache_line);
  STATIC_REQUIRE(sizeof(two) == 2 * cache_line);
}

TEST_CASE("the cache lines of this machine are not longer") {
  const long here = ::sysconf(_SC_LEVEL1_DCACHE_LINESIZE);  // 0 or -1 where unknown
  CHECK(here <= static_cast<long>(cache_line));
}
