#pragma once
#include <array>
#include <latch>
#include <random>
#include <vector>

#include "driver/work_unit.hpp"

/// W7: one thread posts 2000 tasks of 1 to 20 work units (a unit is about 1 µs) among which 20 have 1000, at places
/// that are the same for all contenders, none of them among the first or last hundred; then it sleeps until all have
/// run. ms: from before the first post until it is awake again; median of the passes. per_ideal: the same over the
/// ideal, which is the sum of units times what a unit takes while two threads do nothing else, over 2. The ideal has no
/// time for posting.
namespace bench::w7_uneven {

inline constexpr std::size_t tasks = 2'000;
inline constexpr std::size_t passes = 20;  // after two that warm up
inline constexpr std::size_t warm_up = 2;
inline constexpr std::size_t long_ones = tasks / 100, long_units = 1'000;

struct plan {
  std::array<std::uint16_t, tasks> units;
  std::size_t total = 0;

  // The engine's numbers are laid down by the standard, those of the library's distributions are not.
  plan() {
    std::mt19937 random(7);
    for (auto& one : units) one = static_cast<std::uint16_t>(1 + random() % 20);
    for (std::size_t placed = 0; placed < long_ones;) {
      auto& one = units[100 + random() % (tasks - 200)];
      if (one == long_units) continue;
      one = long_units;
      ++placed;
    }
    for (const auto one : units) total += one;
  }
};

template <class Pool>
int run(std::size_t helpers = 0) {
  const plan planned;
  const work_unit unit;
  std::vector<double> each_ns;
  usage used;
  double unit_ns = 0;
  {
    Pool pool(workers);
    unit_ns = unit.nanoseconds_each();
    const usage before = usage::now();
    for (std::size_t pass = 0; pass < warm_up + passes; ++pass) {
      std::latch left(tasks);
      const auto start = clock::now();
      for (const std::size_t units : planned.units) {
        pool.post([&unit, &left, units] {
          unit.spend(units);
          tasks_run::add();
          left.count_down();
        });
      }
      left.wait();
      if (pass >= warm_up) each_ns.push_back(nanoseconds(clock::now() - start));
    }
    used = usage::now() - before;
    unit_ns = (unit_ns + unit.nanoseconds_each()) / 2;
  }
  constexpr std::size_t posted = (warm_up + passes) * tasks;
  if (!all_ran(posted, workers + helpers)) return 1;
  const double ideal_ns = unit_ns * static_cast<double>(planned.total) / workers;
  return report(Pool::version())
      .metric("ms", median(each_ns) / 1e6)
      .metric("per_ideal", median(each_ns) / ideal_ns)
      .consumed(used, posted)
      .fact("unit_ns", unit_ns)
      .print();
}

}  // namespace bench::w7_uneven
