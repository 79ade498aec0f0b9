#include <workpool/worker/resource_limits.hpp>

#include "support/catch.hpp"

TEST_CASE("limits that nobody set are none, and each is set by its name") {
  constexpr workpool::resource_limits none;
  STATIC_REQUIRE((none.address_space == 0 && none.core == 0 && none.open_files == 0 && none.cpu_seconds == 0));
  constexpr workpool::resource_limits some{.core = 1, .cpu_seconds = 2};
  STATIC_REQUIRE((some.core == 1 && some.cpu_seconds == 2 && some.address_space == 0 && some.open_files == 0));
}
