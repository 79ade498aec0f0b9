#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/resilience/circuit_breaker_options.hpp>
#include <workpool/supervise/restart_options.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// What goes wrong in a simulation, and how often: shares from 0 (never) to 1 (always).
struct fault_plan {
  double fails = 0.02;           // of the tasks: they end with an error
  double crashes = 0.004;        // of the tasks: they take their worker with them
  double hangs = 0.002;          // of the tasks: they never end
  double slow = 0.02;            // of the tasks: they take ten times as long
  double fails_to_start = 0.05;  // of the starts of a worker: it ends before it is ready
  double hangs_at_start = 0.01;  // of the starts of a worker: it is never ready
  double goes_deaf = 0.001;      // of the health checks: from then on the worker answers none, and ends no task
  double dies_idle = 0.001;      // of the health checks: the worker ends
  duration outage_every = std::chrono::minutes(15);  // between two outages, on average
  duration outage = std::chrono::minutes(1);         // how long one is, on average: nine of ten tasks and starts fail
};

/// A load, workers, and what goes wrong. The defaults are a bad day.
struct simulation_options {
  std::uint64_t seed = 1;                            // equal seeds, equal histories; 0 is a number like any other
  std::size_t workers = 4;                           //
  duration length = std::chrono::hours(1);           // tasks come for so long, and things go wrong
  duration gap = std::chrono::seconds(2);            // between two tasks, on average
  duration work = std::chrono::seconds(3);           // of a task, on average
  duration timeout = std::chrono::seconds(60);       // of a task; then its worker is killed
  double urgent = 0.1;                               // share of tasks with a priority other than normal
  double withdrawn = 0.02;                           // share of tasks that are cancelled, or expire, if they still wait
  std::uint64_t keys = 16;                           // how many keys the tasks have; 0: none
  duration health_every = std::chrono::seconds(10);  // between two health checks of an idle worker
  duration operator_every = std::chrono::minutes(7);  // a worker is stopped so often, and started again later
  fault_plan faults{};
  restart_options restart{};
  circuit_breaker_options breaker{.failure_threshold = 8, .open_for = std::chrono::seconds(20)};  // asked per task
  enum class keep : std::uint8_t {
    counts,
    history
  } keeps = keep::counts;  // history: // simulation::history, a line for each event
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const simulation_options& checked(const simulation_options& options) {
  const auto positive = [](const char* field, duration value) {
    if (value > duration::zero()) return;
    throw bad_config(field, std::string(field) + " is " + detail::in_words(value) + ": it must be more than 0");
  };
  const auto share = [](const char* field, double value) {
    if (value >= 0.0 && value <= 1.0) return;
    throw bad_config(field, std::string(field) + " is " + std::to_string(value) + ": it must be from 0 to 1");
  };
  if (options.workers == 0) throw bad_config("workers", "workers is 0: a simulation needs one or more");
  positive("length", options.length);
  positive("gap", options.gap);
  positive("work", options.work);
  positive("timeout", options.timeout);
  positive("health_every", options.health_every);
  positive("operator_every", options.operator_every);
  positive("faults.outage_every", options.faults.outage_every);
  positive("faults.outage", options.faults.outage);
  share("urgent", options.urgent);
  share("withdrawn", options.withdrawn);
  share("faults.fails", options.faults.fails);
  share("faults.crashes", options.faults.crashes);
  share("faults.hangs", options.faults.hangs);
  share("faults.slow", options.faults.slow);
  share("faults.fails_to_start", options.faults.fails_to_start);
  share("faults.hangs_at_start", options.faults.hangs_at_start);
  share("faults.goes_deaf", options.faults.goes_deaf);
  share("faults.dies_idle", options.faults.dies_idle);
  checked(options.restart);
  checked(options.breaker);
  return options;
}

}}}  // namespace workpool::v0::testing
