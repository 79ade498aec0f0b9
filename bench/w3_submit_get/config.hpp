#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "driver/run.hpp"

/// W3: one thread submits a batch of tasks that give a number each, then collects all the results, and again.
/// ns_per_task: from before the first submit until after the last result, over the number of tasks; median of the
/// passes.
namespace bench::w3_submit_get {

inline constexpr std::size_t batch = 1'000;
inline constexpr std::size_t batches = 200;  // to a pass
inline constexpr std::size_t passes = 5;     // after one that warms up
inline constexpr std::size_t tasks = batch * batches;

struct body {
  std::uint64_t value;
  std::uint64_t operator()() const {
    tasks_run::add();
    return value;
  }
};

struct result {
  double ns_per_task;
  std::uint64_t sum;
};

template <class Pool>
result pass(Pool& pool) {
  std::vector<decltype(pool.submit(body{}))> results;
  results.reserve(batch);
  std::uint64_t sum = 0;
  const auto start = clock::now();
  for (std::uint64_t i = 0; i < tasks; i += batch) {
    for (std::uint64_t j = i; j < i + batch; ++j) results.push_back(pool.submit(body{j}));
    for (auto& one : results) sum += Pool::get(one);
    results.clear();
  }
  return {nanoseconds(clock::now() - start) / static_cast<double>(tasks), sum};
}

/// `most_threads`: one more than workers where the waiting thread may run tasks.
template <class Pool>
int run(std::size_t most_threads = workers) {
  std::vector<double> each;
  usage used;
  std::uint64_t sum = 0;
  {
    Pool pool(workers);
    sum += pass(pool).sum;
    const usage before = usage::now();
    for (std::size_t i = 0; i < passes; ++i) {
      const auto [ns, part] = pass(pool);
      each.push_back(ns);
      sum += part;
    }
    used = usage::now() - before;
  }
  const std::uint64_t expected = (passes + 1) * (std::uint64_t{tasks} * (tasks - 1) / 2);
  if (sum != expected) {
    std::fprintf(stderr, "wrong answer: the results sum to %llu, expected %llu\n", static_cast<unsigned long long>(sum),
                 static_cast<unsigned long long>(expected));
    return 1;
  }
  if (!all_ran((passes + 1) * tasks, most_threads)) return 1;
  return report(Pool::version())
      .metric("ns_per_task", median(each))
      .consumed(used, passes * tasks)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w3_submit_get
