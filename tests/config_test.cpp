#include <workpool/config.hpp>

#include "support/catch.hpp"

TEST_CASE("the sanitizer macros are 0 or 1, and never both 1") {
  STATIC_REQUIRE((WORKPOOL_UNDER_TSAN == 0 || WORKPOOL_UNDER_TSAN == 1));
  STATIC_REQUIRE((WORKPOOL_UNDER_ASAN == 0 || WORKPOOL_UNDER_ASAN == 1));
  STATIC_REQUIRE(WORKPOOL_UNDER_TSAN + WORKPOOL_UNDER_ASAN < 2);
}
