#pragma once
#include <atomic>
#include <cstdint>
#include <numeric>
#include <thread>
#include <utility>
#include <vector>

#include "driver/run.hpp"
#include "driver/work_unit.hpp"

/// M4: tasks that compute for about 1 ms, then for about 100 µs, in two processes: submitted at once, then collected.
/// time_over_ideal_…: over the time that two plain hogs, threads that do nothing else, need for the same steps,
/// measured before and after. Its inverse is the efficiency.
namespace bench::m4_efficiency {

inline constexpr std::size_t long_tasks = 600, short_tasks = 5'000;
inline constexpr std::size_t long_units = 1'000, short_units = 100;  // of 1 µs

template <class Pool>
double milliseconds(Pool& pool, const work_unit& unit, std::size_t tasks, std::size_t units, std::size_t& wrong) {
  const auto body = [](std::uint64_t steps, std::size_t count) {
    work_unit(steps).spend(count);
    return count;
  };
  std::vector<decltype(pool.submit(body, unit.steps(), units))> results;
  results.reserve(tasks);
  const auto start = clock::now();
  for (std::size_t i = 0; i < tasks; ++i) results.push_back(pool.submit(body, unit.steps(), units));
  for (auto& one : results) wrong += Pool::get(one) != units;
  return nanoseconds(clock::now() - start) / 1e6;
}

/// Gives: how long so many hogs as there are workers take for all the units.
inline double hogs_ms(const work_unit& unit, std::size_t units) {
  std::atomic<std::size_t> ready{0};
  std::vector<double> each(workers);
  {
    std::vector<std::jthread> threads;
    for (double& took : each) {
      threads.emplace_back([&] {
        ready.fetch_add(1);
        while (ready.load() < workers) std::this_thread::yield();
        const auto start = clock::now();
        unit.spend(units / workers);
        took = nanoseconds(clock::now() - start) / 1e6;
      });
    }
  }
  return std::accumulate(each.begin(), each.end(), 0.0) / workers;
}

template <class Pool>
int run() {
  const work_unit unit;
  std::size_t wrong = 0;
  const auto over_ideal = [&](std::size_t tasks, std::size_t units) {
    const double before = hogs_ms(unit, tasks * units);
    double took = 0;
    {
      Pool pool(workers);
      milliseconds(pool, unit, 200, short_units, wrong);
      took = milliseconds(pool, unit, tasks, units, wrong);
    }
    return took / ((before + hogs_ms(unit, tasks * units)) / 2);
  };
  const double over_long = over_ideal(long_tasks, long_units), over_short = over_ideal(short_tasks, short_units);
  if (wrong != 0) {
    std::fprintf(stderr, "wrong answer: %zu tasks gave back something else\n", wrong);
    return 1;
  }
  return report(Pool::version())
      .metric("time_over_ideal_1ms", over_long)
      .metric("time_over_ideal_100us", over_short)
      .print();
}

}  // namespace bench::m4_efficiency
