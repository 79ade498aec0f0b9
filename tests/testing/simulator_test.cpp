#include <workpool/testing/simulator.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <workpool/select/least_busy.hpp>
#include <workpool/select/least_completed.hpp>
#include <workpool/select/random.hpp>
#include <workpool/select/random_of_two.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::simulation;
using wp::testing::simulation_options;
using wp::testing::simulator;

namespace {

/// Nothing goes wrong.
simulation_options good_day(std::uint64_t seed = 1) {
  simulation_options options{.seed = seed, .withdrawn = 0};
  options.faults = {.fails = 0,
                    .crashes = 0,
                    .hangs = 0,
                    .slow = 0,
                    .fails_to_start = 0,
                    .hangs_at_start = 0,
                    .goes_deaf = 0,
                    .dies_idle = 0,
                    .outage_every = 24h};
  options.operator_every = 24h;
  return options;
}

std::string first_of(const simulation& day) { return day.broken.empty() ? std::string() : day.broken.front(); }

/// Never leaves anything as it was.
struct restarts_at_once {
  restarts_at_once() = default;
  restarts_at_once(const wp::restart_options&, std::uint64_t) {}
  static wp::restart_decision decide(const wp::death&, wp::time_point) {
    return {wp::restart_decision::action::restart, {}};
  }
  void reset() noexcept {}
};

struct broken_strategy {
  static std::optional<std::size_t> select(std::span<const wp::worker_view>, const wp::task_view& task) {
    if (task.id % 2 == 0) throw std::runtime_error("even");
    return 1000;
  }
};

}  // namespace

TEST_CASE("equal seeds give equal histories, to the byte, and others do not", "[simulator]") {
  simulation_options options{.seed = 5, .length = 10min, .keeps = simulation_options::keep::history};
  const simulation one = simulator<>(options).run();
  const simulation same = simulator<>(options).run();
  options.seed = 6;
  const simulation other = simulator<>(options).run();
  CHECK(one.history == same.history);
  CHECK(one.fingerprint == same.fingerprint);
  CHECK(one.history != other.history);
  CHECK(one.fingerprint != other.fingerprint);
  CHECK(one.history.find("begins task 1\n") != std::string::npos);
}

TEST_CASE("the history is the same whether it is kept or not", "[simulator]") {
  simulation_options options{.seed = 5, .length = 10min};
  const simulation counted = simulator<>(options).run();
  options.keeps = simulation_options::keep::history;
  CHECK(counted.fingerprint == simulator<>(options).run().fingerprint);
  CHECK(counted.history.empty());
}

TEST_CASE("on a good day every task ends with a value, and nobody is restarted", "[simulator]") {
  const simulation day = simulator<>(good_day()).run();
  CHECK(first_of(day).empty());
  CHECK(day.accepted > 1000);
  CHECK(day.count(wp::outcome::value) == day.accepted);
  CHECK(day.refused == 0);
  CHECK(day.restarts == 0);
  for (const auto& one : day.workers) CHECK(one.started == 1);
}

TEST_CASE("on a bad one all that can happen does, and each task has still one outcome", "[simulator]") {
  const simulation day = simulator<>({.seed = 3, .length = 24h}).run();
  CHECK(first_of(day).empty());
  using enum wp::outcome;
  std::uint64_t ended = 0;
  for (const auto how : {value, failed, cancelled, expired, timed_out, worker_lost}) {
    CHECK(day.count(how) > 0);
    ended += day.count(how);
  }
  CHECK(ended == day.accepted);
  CHECK(day.refused > 0);
  CHECK(day.transitions > 0);
  CHECK(day.restarts > 0);
}

TEST_CASE("the strategy decides: weights are seen in what workers begin", "[simulator]") {
  auto options = good_day();
  options.workers = 2;
  options.work = 500ms;
  const simulation day =
      simulator<wp::select::weighted_round_robin>(options, wp::select::weighted_round_robin({3, 1})).run();
  CHECK(day.workers[0].begun + day.workers[1].begun == day.accepted);
  CHECK(day.workers[0].begun > 2 * day.workers[1].begun);
}

TEST_CASE("a strategy that fails costs no task", "[simulator]") {
  const simulation day = simulator<broken_strategy>(good_day()).run();
  CHECK(first_of(day).empty());
  CHECK(day.strategy_faults == day.accepted);
  CHECK(day.count(wp::outcome::value) == day.accepted);
}

TEST_CASE("a restart policy of one's own decides", "[simulator]") {
  simulation_options options{.seed = 2, .length = 6h};
  options.restart.max_restarts = 2;
  options.restart.window = 10min;
  const simulation strict = simulator<>(options).run();
  const simulation patient = simulator<wp::select::round_robin, restarts_at_once>(options).run();
  CHECK(first_of(strict).empty());
  CHECK(first_of(patient).empty());
  CHECK(strict.given_up > 0);
  CHECK(patient.given_up == 0);
  CHECK(patient.restarts > strict.restarts);
}

TEMPLATE_TEST_CASE("under every strategy all invariants hold", "[simulator]", wp::select::first_idle,
                   wp::select::round_robin, wp::select::weighted_round_robin, wp::select::least_busy,
                   wp::select::least_completed, wp::select::sticky) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    const simulation day = simulator<TestType>({.seed = seed}).run();
    CHECK(first_of(day).empty());
  }
}

TEMPLATE_TEST_CASE("under chance, too, and it replays", "[simulator]", wp::select::random, wp::select::random_of_two) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    const simulation day = simulator<TestType>({.seed = seed}, TestType(seed)).run();
    CHECK(first_of(day).empty());
    CHECK(day.fingerprint == simulator<TestType>({.seed = seed}, TestType(seed)).run().fingerprint);
  }
}

TEST_CASE("options out of range are refused by name", "[simulator]") {
  const auto field_of = [](const simulation_options& options) -> std::string {
    try {
      simulator<> refused(options);
    } catch (const wp::bad_config& error) {
      return std::string(error.field());
    }
    return "nothing";
  };
  CHECK(field_of({.workers = 0}) == "workers");
  CHECK(field_of({.length = 0s}) == "length");
  CHECK(field_of({.gap = -1s}) == "gap");
  CHECK(field_of({.urgent = 1.5}) == "urgent");
  CHECK(field_of({.faults = {.crashes = -0.1}}) == "faults.crashes");
  CHECK(field_of({.faults = {.outage = 0s}}) == "faults.outage");
  CHECK(field_of({.restart = {.window = 0s}}) == "restart.window");
}
