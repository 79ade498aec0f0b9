#include <workpool/monitor/pool_stats.hpp>

#include "support/catch.hpp"

#include <cstddef>

using workpool::outcome;
using workpool::pool_stats;

TEST_CASE("every outcome has its own counter") {
  STATIC_REQUIRE(workpool::outcome_count == static_cast<std::size_t>(outcome::pool_broken) + 1);
  pool_stats stats;
  stats.completed = 1;
  stats.failed = 2;
  stats.cancelled = 3;
  stats.expired = 4;
  stats.timed_out = 5;
  stats.worker_lost = 6;
  stats.discarded = 7;
  stats.pool_broken = 8;
  CHECK(stats.count(outcome::value) == 1);
  CHECK(stats.count(outcome::failed) == 2);
  CHECK(stats.count(outcome::cancelled) == 3);
  CHECK(stats.count(outcome::expired) == 4);
  CHECK(stats.count(outcome::timed_out) == 5);
  CHECK(stats.count(outcome::worker_lost) == 6);
  CHECK(stats.count(outcome::discarded) == 7);
  CHECK(stats.count(outcome::pool_broken) == 8);
}

TEST_CASE("the success rate is that of what has finished, and 1 before anything has") {
  pool_stats stats;
  CHECK(stats.success_rate() == 1.0);
  stats.accepted = stats.submitted = 100;
  stats.queued = stats.running = 10;
  CHECK(stats.success_rate() == 1.0);
  stats.failed = 1;
  CHECK(stats.success_rate() == 0.0);
  stats.completed = 1;
  CHECK(stats.success_rate() == 0.5);
  stats.completed = 2;
  stats.failed = stats.cancelled = stats.expired = stats.timed_out = stats.worker_lost = stats.discarded =
      stats.pool_broken = 2;
  CHECK(stats.success_rate() == 0.125);
}

TEST_CASE("there is a counter per priority and per worker state") {
  const pool_stats stats;
  CHECK(stats.queued_by_priority.size() == workpool::priority_count);
  CHECK(stats.workers_by_state.size() == workpool::worker_state_count);
}
