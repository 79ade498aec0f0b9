#include <workpool/select/best_of.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <optional>

using workpool::worker_view;
using workpool::detail::best_of;

namespace {
constexpr auto fewest = [](const worker_view& a, const worker_view& b) { return a.in_flight < b.in_flight; };
}

TEST_CASE("the best of those that take tasks, of equals the first") {
  auto shown = workpool_test::idle_workers(4);
  shown[0].in_flight = 3;
  shown[1].in_flight = shown[2].in_flight = 2;
  shown[3].state = workpool::worker_state::stopping;
  CHECK(best_of(shown, fewest) == 1);
  shown[1].weight = 0;
  CHECK(best_of(shown, fewest) == 2);
}

TEST_CASE("where nobody takes tasks there is no best") {
  auto shown = workpool_test::idle_workers(2);
  for (worker_view& one : shown) one.state = workpool::worker_state::dead;
  CHECK(best_of(shown, fewest) == std::nullopt);
  CHECK(best_of({}, fewest) == std::nullopt);
}
