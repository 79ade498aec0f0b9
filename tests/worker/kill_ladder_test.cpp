#include <workpool/worker/kill_ladder.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::detail::kill_ladder;
using rung = kill_ladder::rung;

namespace {
constexpr workpool::time_point start{1h};
}

TEST_CASE("who is asked is told after the grace and killed after the timeout") {
  kill_ladder ladder(100ms, 2s);
  CHECK(ladder.due(start) == rung::none);
  CHECK(ladder.climb(rung::ask, start) == rung::ask);
  CHECK(ladder.deadline() == start + 100ms);
  CHECK(ladder.due(start + 99ms) == rung::none);
  CHECK(ladder.due(start + 100ms) == rung::tell);
  CHECK(ladder.deadline() == start + 100ms + 2s);
  CHECK(ladder.due(start + 3s) == rung::kill);
  CHECK(ladder.deadline() == workpool::time_point::max());
  CHECK(ladder.due(start + 10s) == rung::none);
}

TEST_CASE("a ladder goes up only") {
  kill_ladder ladder(100ms, 2s);
  CHECK(ladder.climb(rung::tell, start) == rung::tell);
  CHECK(ladder.climb(rung::ask, start) == rung::none);
  CHECK(ladder.climb(rung::tell, start) == rung::none);
  CHECK(ladder.deadline() == start + 2s);
  CHECK(ladder.climb(rung::kill, start) == rung::kill);
  CHECK(ladder.climb(rung::kill, start) == rung::none);
}

TEST_CASE("a grace without end is never over") {
  kill_ladder ladder(workpool::duration::max(), 2s);
  ladder.climb(rung::ask, start);
  CHECK(ladder.deadline() == workpool::time_point::max());
}
