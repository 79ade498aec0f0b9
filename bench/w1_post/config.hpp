#pragma once
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// W1: one thread posts tasks that do nothing but count themselves; nobody waits for a result.
/// ns_per_task: from before the first post until all have run, over the number of tasks; median of the passes.
namespace bench::w1_post {

inline constexpr std::size_t tasks = 400'000;  // 14 ms at 35 ns: the 0.1 ms by which sleeping may notice late is < 1 %
inline constexpr std::size_t passes = 5;       // after one that warms up

/// What the variants of this workload change.
struct setting {
  std::size_t workers = bench::workers;
  std::size_t helpers = 0;  // how many threads run tasks beside the workers: 1 where the one that posts does
  std::size_t tasks = w1_post::tasks;
};

struct counting_body {
  explicit counting_body(std::uint64_t) {}
  void operator()() const { tasks_run::add(); }
  /// Whether what all bodies of all passes left behind, of numbers 0 … count - 1 each, is right.
  static bool all_right(std::size_t, std::size_t) { return true; }
};

/// Gives: nanoseconds per task. All contenders are waited for alike, by a look at the counts now and then: their own
/// ways of waiting differ too much (one ends the pool, one works along).
template <class Body, class Pool>
double pass(Pool& pool, std::size_t count) {
  const std::uint64_t all = tasks_run::total() + count;
  const auto start = clock::now();
  for (std::uint64_t i = 0; i < count; ++i) pool.post(Body(i));
  while (tasks_run::total() < all) std::this_thread::sleep_for(std::chrono::microseconds(20));
  return nanoseconds(clock::now() - start) / static_cast<double>(count);
}

template <class Pool, class Body = counting_body>
int run(setting chosen = {}) {
  std::vector<double> each;
  usage used;
  {
    Pool pool(chosen.workers);
    pass<Body>(pool, chosen.tasks);
    const usage before = usage::now();
    for (std::size_t i = 0; i < passes; ++i) each.push_back(pass<Body>(pool, chosen.tasks));
    used = usage::now() - before;
  }
  if (!all_ran((passes + 1) * chosen.tasks, chosen.workers + chosen.helpers)) return 1;
  if (!Body::all_right(passes + 1, chosen.tasks)) return 1;
  return report(Pool::version())
      .metric("ns_per_task", median(each))
      .consumed(used, passes * chosen.tasks)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w1_post
