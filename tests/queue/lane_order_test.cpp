#include <workpool/queue/lane_order.hpp>

#include "support/catch.hpp"

#include <array>

using workpool::priority;
using workpool::detail::lane_order;

namespace {

constexpr std::array most_urgent_first{priority::critical, priority::high, priority::normal, priority::low};
constexpr std::array lowest_first{priority::low, priority::normal, priority::high, priority::critical};
static_assert(lane_order(0, 61) == most_urgent_first);

}  // namespace

TEST_CASE("every aging-th pick begins at the lowest lane, every other one at the most urgent") {
  for (unsigned aging = 1; aging < 70; ++aging) {
    for (unsigned pick = 0; pick < 300; ++pick) {
      const bool tick = (pick + 1) % aging == 0;
      REQUIRE(lane_order(pick, aging) == (tick ? lowest_first : most_urgent_first));
    }
  }
}

TEST_CASE("without aging no pick begins at the lowest lane") {
  for (unsigned pick = 0; pick < 1000; ++pick) REQUIRE(lane_order(pick, 0) == most_urgent_first);
  CHECK(lane_order(~0U, 0) == most_urgent_first);
}
