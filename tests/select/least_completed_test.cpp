#include <workpool/select/least_completed.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <vector>

using namespace workpool_test;

TEST_CASE("least_completed picks whoever has had the fewest tasks") {
  workpool::select::least_completed strategy;
  auto shown = idle_workers(3);
  shown[0].completed = 7;
  shown[1].completed = 9;
  shown[2].completed = 8;
  CHECK(picks(strategy, shown, 1) == std::vector{0});
}

TEST_CASE("a slow worker is not buried: what it has in flight counts") {
  workpool::select::least_completed strategy;
  auto shown = idle_workers(2);
  shown[0].completed = 1;
  shown[0].in_flight = 5;
  shown[1].completed = 4;
  CHECK(picks(strategy, shown, 1) == std::vector{1});
}
