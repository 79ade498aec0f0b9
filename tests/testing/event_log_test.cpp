#include <workpool/testing/event_log.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::event_log;
using wp::testing::happening;
using wp::testing::simulation;
using keep = wp::testing::simulation_options::keep;

TEST_CASE("every event is a line with its time, and folded into the fingerprint whether it is kept or not", "[log]") {
  simulation kept, counted;
  event_log with(kept, keep::history), without(counted, keep::counts);
  for (event_log* const one : {&with, &without}) {
    one->note(wp::time_point{} + 7ms, happening::accepted, {}, 3, {});
    one->note(wp::time_point{} + 61s, happening::ends, wp::testing::worker_life{2, 5}, 3, wp::outcome::timed_out);
  }
  CHECK(kept.history == "second 0.007: accepted task 3\nsecond 61.000: worker 2 (life 5) ends task 3: timed_out\n");
  CHECK(counted.history.empty());
  CHECK(kept.fingerprint == counted.fingerprint);
  without.note(wp::time_point{} + 61s, happening::dies, wp::testing::worker_life{2, 5}, 0, {});
  CHECK(kept.fingerprint != counted.fingerprint);
}

TEST_CASE("what is broken is told with its time, but not without end", "[log]") {
  simulation result;
  event_log log(result, keep::counts);
  for (int n = 0; n < 1000; ++n) log.broken(wp::time_point{} + 1s, "something");
  CHECK(result.broken.front() == "second 1.000: something");
  CHECK(result.broken.size() == 20);
}

TEST_CASE("every happening has a word of its own", "[log]") {
  CHECK(to_string(happening::accepted) == "accepted");
  CHECK(to_string(happening::is_killed) == "is killed");
  CHECK(to_string(happening::is_given_up) == "is given up");
}
