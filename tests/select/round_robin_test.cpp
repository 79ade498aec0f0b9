#include <workpool/select/round_robin.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <utility>
#include <vector>

using namespace workpool_test;

TEST_CASE("round_robin begins with the first and goes around") {
  workpool::select::round_robin strategy;
  CHECK(picks(strategy, idle_workers(3), 7) == std::vector{0, 1, 2, 0, 1, 2, 0});
}

TEST_CASE("a worker that is not ready is passed over, and is in its turn again when it is") {
  workpool::select::round_robin strategy;
  auto shown = idle_workers(3);
  CHECK(picks(strategy, shown, 1) == std::vector{0});
  shown[1].state = workpool::worker_state::unhealthy;
  CHECK(picks(strategy, shown, 3) == std::vector{2, 0, 2});
  shown[1].state = workpool::worker_state::busy;
  CHECK(picks(strategy, shown, 3) == std::vector{0, 1, 2});
}

TEST_CASE("the turn goes by number, not by the place in what is shown") {
  workpool::select::round_robin strategy;
  auto shown = idle_workers(3);
  std::swap(shown[0], shown[2]);
  CHECK(picks(strategy, shown, 4) == std::vector{0, 1, 2, 0});
  shown.erase(shown.begin() + 1);  // worker 1, whose turn it is
  CHECK(picks(strategy, shown, 2) == std::vector{2, 0});
}
