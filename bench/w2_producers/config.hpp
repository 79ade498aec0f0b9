#pragma once
#include <barrier>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// W2: two, then four threads post at the same time tasks that do nothing but count themselves.
/// …_producers_ns: from the moment they all may begin until all tasks have run, over the number of tasks; median of the
/// passes. The threads are there before.
namespace bench::w2_producers {

inline constexpr std::size_t tasks = 200'000;
inline constexpr std::size_t passes = 5;  // after one that warms up

/// Gives: nanoseconds per task, median of the passes.
template <class Pool>
double measure(Pool& pool, std::size_t producers) {
  std::barrier pass(static_cast<std::ptrdiff_t>(producers + 1));
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < producers; ++i) {
    threads.emplace_back([&] {
      for (std::size_t p = 0; p <= passes; ++p) {
        pass.arrive_and_wait();
        for (std::size_t k = 0; k < tasks / producers; ++k) pool.post([] { tasks_run::add(); });
      }
    });
  }
  std::vector<double> each;
  for (std::size_t p = 0; p <= passes; ++p) {
    const std::uint64_t all = tasks_run::total() + tasks;
    const auto start = clock::now();
    pass.arrive_and_wait();
    while (tasks_run::total() < all) std::this_thread::sleep_for(std::chrono::microseconds(20));
    if (p > 0) each.push_back(nanoseconds(clock::now() - start) / static_cast<double>(tasks));
  }
  return median(each);
}

/// `helpers`: 1 where the threads that post may run tasks.
template <class Pool>
int run(std::size_t helpers = 0) {
  double two = 0, four = 0;
  usage used;
  {
    Pool pool(workers);
    const usage before = usage::now();
    two = measure(pool, 2);
    four = measure(pool, 4);
    used = usage::now() - before;
  }
  constexpr std::size_t posted = 2 * (passes + 1) * tasks;
  if (!all_ran(posted, workers + helpers * (2 + 4))) return 1;
  return report(Pool::version())
      .metric("two_producers_ns", two)
      .metric("four_producers_ns", four)
      .consumed(used, posted)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w2_producers
