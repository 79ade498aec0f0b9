#pragma once
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// W1: one thread posts tasks that do nothing but count themselves; nobody waits for a result.
/// ns_per_task: from before the first post until all have run, over the number of tasks; median of the passes.
namespace bench::w1_post {

inline constexpr std::size_t tasks = 400'000;  // 14 ms at 35 ns: the 0.1 ms by which sleeping may notice late is < 1 %
inline constexpr std::size_t passes = 5;       // after one that warms up

/// Gives: nanoseconds per task. All contenders are waited for alike, by a look at the counts now and then: their own
/// ways of waiting differ too much (one ends the pool, one works along).
template <class Pool>
double pass(Pool& pool) {
  const std::uint64_t all = tasks_run::total() + tasks;
  const auto start = clock::now();
  for (std::size_t i = 0; i < tasks; ++i) pool.post([] { tasks_run::add(); });
  while (tasks_run::total() < all) std::this_thread::sleep_for(std::chrono::microseconds(20));
  return nanoseconds(clock::now() - start) / static_cast<double>(tasks);
}

template <class Pool>
int run() {
  std::vector<double> each;
  usage used;
  {
    Pool pool(workers);
    pass(pool);
    const usage before = usage::now();
    for (std::size_t i = 0; i < passes; ++i) each.push_back(pass(pool));
    used = usage::now() - before;
  }
  if (!all_ran((passes + 1) * tasks)) return 1;
  return report(Pool::version())
      .metric("ns_per_task", median(each))
      .consumed(used, passes * tasks)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w1_post
