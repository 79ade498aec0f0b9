// Testing policies without waiting, and on bad days.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <span>
#include <stdexcept>
#include <workpool/circuit_breaker.hpp>
#include <workpool/core/manual_clock.hpp>
#include <workpool/select/least_busy.hpp>
#include <workpool/testing/simulator.hpp>

#include "say.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

//! [program]
void run() {
  wp::manual_clock clock;  // stands still until it is turned
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 60s}, clock);
  breaker.try_acquire()->failure();

  clock.advance(59s);
  std::cout << "after 59 s: " << (breaker.try_acquire() ? "let through" : "kept away") << '\n';
  clock.advance(1s);
  std::cout << "after 60 s: " << (breaker.try_acquire() ? "let through" : "kept away") << '\n';
}
//! [program]

void calls() {
  //! [call_at]
  wp::manual_clock clock;
  clock.call_at(clock.now() + 3s, [] { std::cout << "second 3\n"; });
  clock.call_at(clock.now() + 1s, [] { std::cout << "second 1\n"; });
  clock.advance(10s);  // runs what is due, in order, each at its own time
  //! [call_at]
}

void days() {
  //! [simulator]
  std::uint64_t tasks = 0, lost = 0;
  std::size_t broken = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {  // twenty hours
    const wp::testing::simulation day = wp::testing::simulator<wp::select::least_busy>({.seed = seed}).run();
    tasks += day.accepted;
    lost += day.count(wp::outcome::worker_lost);
    broken += day.broken.size();  // each one is a sentence, with the time and who
  }
  std::cout << (tasks > 20'000 && lost > 20 ? "many tasks, some lost with their worker, " : "?") << broken
            << " invariants broken\n";
  //! [simulator]
}

void same() {
  //! [seed]
  const auto day = [](std::uint64_t seed) { return wp::testing::simulator<>({.seed = seed}).run().fingerprint; };
  std::cout << std::boolalpha << (day(7) == day(7)) << ' ' << (day(7) == day(8)) << '\n';
  //! [seed]
}

void wrong() {
  say("faults.crashes = 2", [] { wp::testing::simulator<>({.faults = {.crashes = 2}}).run(); });
  say("gap = 0", [] { wp::testing::simulator<>({.gap = 0s}).run(); });
}

int main() {
  run();
  calls();
  days();
  same();
  wrong();
}
