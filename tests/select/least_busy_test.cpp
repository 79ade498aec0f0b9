#include <workpool/select/least_busy.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <chrono>
#include <vector>

using namespace workpool_test;
using namespace std::chrono_literals;

TEST_CASE("least_busy picks whoever has the fewest tasks in flight") {
  workpool::select::least_busy strategy;
  auto shown = idle_workers(3);
  shown[0].in_flight = 2;
  shown[1].in_flight = 1;
  shown[2].in_flight = 4;
  CHECK(picks(strategy, shown, 2) == std::vector{1, 1});
}

TEST_CASE("of those that are equally busy it picks the one idle for longest") {
  workpool::select::least_busy strategy;
  auto shown = idle_workers(3);
  shown[0].idle_since = workpool::time_point(3s);
  shown[1].idle_since = workpool::time_point(2s);
  shown[2].idle_since = workpool::time_point(1s);
  shown[2].in_flight = 1;
  CHECK(picks(strategy, shown, 1) == std::vector{1});
}
