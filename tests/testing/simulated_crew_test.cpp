#include <workpool/testing/simulated_crew.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <workpool/testing/simulated_task.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::simulation_options;
using wp::testing::stage;

namespace {

/// Starts anew whatever happens, and at once.
struct stubborn {
  static wp::restart_decision decide(const wp::death&, wp::time_point) {
    return {wp::restart_decision::action::restart, {}};
  }
  void reset() noexcept {}
};

template <class Policy>
struct bench {
  explicit bench(simulation_options options, Policy policy)
      : here(options),
        crew(
            here, [policy](const auto&, std::uint64_t) { return policy; }, [this](auto&) { ++lost; }) {
    crew.start_all();
  }
  void until(wp::duration time) {
    while (here.now() < wp::time_point{} + time) here.go_on();
  }
  stage here;
  int lost = 0;
  wp::testing::simulated_crew<Policy> crew;
};

simulation_options calm() {
  simulation_options options{.seed = 1, .workers = 3, .operator_every = 100h};
  options.faults = {.fails_to_start = 0, .hangs_at_start = 0, .goes_deaf = 0, .dies_idle = 0};
  return options;
}

}  // namespace

TEST_CASE("where nothing goes wrong all workers are ready and stay so", "[simulation]") {
  bench<stubborn> day(calm(), {});
  day.until(1h);
  for (auto& one : day.crew) CHECK(one.is_ready());
  CHECK(day.here.result.restarts == 0);
  CHECK(day.here.result.broken.empty());
}

TEST_CASE("a worker that dies is restarted as its policy says, and loses what it runs", "[simulation]") {
  bench<stubborn> day(calm(), {});
  day.until(1s);
  wp::testing::simulated_task task(day.here);
  task.ends = 1;
  day.crew[1].running = &task;
  day.crew.leave(day.crew[1], day.crew[1].generation, true);
  day.crew[1].running = nullptr;
  CHECK(day.lost == 1);
  CHECK(day.here.result.restarts == 1);
  day.until(2min);
  CHECK(day.crew[1].generation == 2);
  CHECK(day.crew[1].is_ready());
  CHECK(day.here.result.broken.empty());
}

TEST_CASE("one that goes deaf is killed after three strikes, and one that is not ready in time at once",
          "[simulation]") {
  auto options = calm();
  options.keeps = simulation_options::keep::history;
  std::string killed;
  SECTION("deaf") {
    options.faults.goes_deaf = 1;
    killed = "second 30.000: worker 0 (life 1) is killed";
  }
  SECTION("not ready") {
    options.faults.hangs_at_start = 1;
    killed = "second 5.000: worker 0 (life 1) is killed";
  }
  bench<stubborn> day(options, {});
  day.until(45s);
  CHECK(day.here.result.history.find(killed) != std::string::npos);
  CHECK(day.crew[0].generation >= 2);
  CHECK(day.here.result.broken.empty());
}

TEST_CASE("a start of what runs already changes nothing, also not what its policy remembers", "[simulation]") {
  auto options = calm();
  options.workers = 1;
  options.operator_every = 10s;  // stops it, and starts it again, sometimes while it is not down yet
  options.restart = {.max_restarts = 1, .window = 10h};
  options.faults.fails_to_start = 0.5;
  bench<wp::restart_intensity> day(options, wp::restart_intensity(options.restart, 1));
  day.until(2h);
  CHECK(day.here.result.given_up > 10);
  CHECK(day.here.result.broken.empty());
}

TEST_CASE("too many deaths are the end, until somebody starts it by hand", "[simulation]") {
  auto options = calm();
  options.workers = 1;
  options.operator_every = 1h;
  options.restart = {.max_restarts = 2, .window = 10h};
  options.faults.fails_to_start = 1;
  bench<wp::restart_intensity> day(options, wp::restart_intensity(options.restart, 1));
  day.until(30min);
  CHECK(day.here.result.given_up == 1);
  CHECK(day.here.result.workers[0].started == 3);
  day.until(90min);
  CHECK(day.here.result.workers[0].started > 3);
  CHECK(day.here.result.broken.empty());
}
