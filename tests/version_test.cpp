#include <workpool/version.hpp>

#include "support/catch.hpp"

TEST_CASE("the version is the same as macros, as one number and as a constant") {
  STATIC_REQUIRE(workpool::version.major_number == WORKPOOL_VERSION_MAJOR);
  STATIC_REQUIRE(workpool::version.minor_number == WORKPOOL_VERSION_MINOR);
  STATIC_REQUIRE(workpool::version.patch_number == WORKPOOL_VERSION_PATCH);
  STATIC_REQUIRE(WORKPOOL_VERSION / 1000000 == WORKPOOL_VERSION_MAJOR);
  STATIC_REQUIRE(WORKPOOL_VERSION / 1000 % 1000 == WORKPOOL_VERSION_MINOR);
  STATIC_REQUIRE(WORKPOOL_VERSION % 1000 == WORKPOOL_VERSION_PATCH);
}
