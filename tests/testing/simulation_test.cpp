#include <workpool/testing/simulation.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

TEST_CASE("a simulation is counted by outcome", "[simulation]") {
  wp::testing::simulation day;
  day.outcomes[static_cast<std::size_t>(wp::outcome::failed)] = 3;
  CHECK(day.count(wp::outcome::failed) == 3);
  CHECK(day.count(wp::outcome::value) == 0);
}
