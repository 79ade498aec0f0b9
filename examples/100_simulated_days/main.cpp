// Trying an own strategy on twenty bad days before it meets one: a simulated pool, in which workers crash, hang and
// slow down and an hour takes some milliseconds. What decides is the real thing, and equal seeds give equal days.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <workpool/select/least_busy.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/testing/simulator.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

// The first worker that is idle, else the first one at all: looks reasonable, and piles everything up on worker 0.
struct first_come {
  static std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view&) noexcept {
    for (std::size_t n = 0; n < workers.size(); ++n) {
      if (workers[n].in_flight == 0) return n;
    }
    return workers.empty() ? std::nullopt : std::optional<std::size_t>(0);
  }
};

template <class Strategy>
void try_out(const std::string& name) {
  std::uint64_t tasks = 0, lost = 0, broken = 0;
  wp::duration wait{};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const wp::testing::simulation day = wp::testing::simulator<Strategy>({.seed = seed, .gap = 1s}).run();
    tasks += day.accepted;
    lost += day.count(wp::outcome::worker_lost);
    wait += day.p99_wait / 20;
    broken += day.broken.size();
  }
  std::cout << name << std::string(12 - name.size(), ' ') << tasks << " tasks, " << lost << " lost with their worker, "
            << std::chrono::duration_cast<std::chrono::seconds>(wait).count() << " s waited by one in a hundred, "
            << broken << " invariants broken\n";
}

int main() {
  try_out<wp::select::round_robin>("round robin");
  try_out<wp::select::least_busy>("least busy");
  try_out<first_come>("first come");

  const auto options = wp::testing::simulation_options{.seed = 11,
                                                       .workers = 2,
                                                       .length = 10s,
                                                       .faults = {.crashes = 0.3},
                                                       .keeps = wp::testing::simulation_options::keep::history};
  std::cout << "\n" << wp::testing::simulator<>(options).run().history;
}
