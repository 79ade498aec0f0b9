#include <workpool/testing/simulation_options.hpp>

#include "support/catch.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

TEST_CASE("the defaults of a simulation are accepted, and a share above 1 is refused with the value and the remedy",
          "[simulation]") {
  wp::testing::simulation_options options;
  CHECK_NOTHROW(checked(options));
  options.faults.hangs = 1.25;
  CHECK_THROWS_WITH(checked(options), "faults.hangs is 1.250000: it must be from 0 to 1");
  options.faults.hangs = 1;
  options.timeout = 0s;
  CHECK_THROWS_WITH(checked(options), "timeout is 0 ns: it must be more than 0");
}
