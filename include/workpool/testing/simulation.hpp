#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/monitor/pool_stats.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// What became of a simulation.
struct simulation {
  struct worker_tally {
    std::uint64_t begun = 0;      // tasks
    std::uint64_t completed = 0;  // of them; with a value
    std::uint64_t started = 0;    // how often the worker was started
  };

  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // by the breaker
  std::array<std::uint64_t, outcome_count> outcomes{};
  std::vector<worker_tally> workers;
  std::uint64_t restarts = 0;     // after a death
  std::uint64_t given_up = 0;     // slots, by their restart policy
  std::uint64_t transitions = 0;  // of the breaker
  std::uint64_t strategy_faults = 0;
  std::uint64_t events = 0;            // that the simulation consists of
  duration median_wait{}, p99_wait{};  // from acceptance to start
  std::uint64_t fingerprint = 0;       // of all events: equal for equal histories
  std::string history;                 // where it is kept
  std::vector<std::string> broken;     // invariants, with the time and who; empty: all have held

  std::uint64_t count(outcome one) const noexcept { return outcomes[static_cast<std::size_t>(one)]; }
};

}}}  // namespace workpool::v0::testing
