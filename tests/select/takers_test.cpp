#include <workpool/select/takers.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

using workpool::detail::count_takers;
using workpool::detail::taker_after;

TEST_CASE("takers are those that are ready and weigh something", "[select]") {
  auto shown = workpool_test::idle_workers(5);
  CHECK(count_takers(shown) == 5);
  shown[0].weight = 0;
  shown[1].state = workpool::worker_state::busy;
  shown[3].state = workpool::worker_state::unhealthy;
  CHECK(count_takers(shown) == 3);
  CHECK(taker_after(shown, 0) == 1);
  CHECK(taker_after(shown, 1) == 2);
  CHECK(taker_after(shown, 2) == 4);
  CHECK(count_takers({}) == 0);
}
