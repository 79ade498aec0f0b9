#pragma once
#include <cstdint>
#include <vector>

#include "driver/run.hpp"

/// M2: 20 000 tasks that add one to a number, in other processes.
/// submit_us_per_task: submitted one by one, then all the results are collected.
/// map1_us_per_task: the contender's map, with a message for each task; ours: the same as above, as our map is made of
/// tasks. bulk_us_per_task: the contender's map as it is when nothing is said of chunks; ours: submit_bulk.
/// What is consumed, is by the host's process alone, while it submits and collects.
namespace bench::m2_throughput {

inline constexpr std::size_t warm_up = 1'000;
inline constexpr std::size_t tasks = 20'000;

struct result {
  double us_per_task;
  std::uint64_t sum;
};

template <class Pool>
result submit_all(Pool& pool, std::size_t count) {
  const auto add_one = [](std::uint64_t one) { return one + 1; };
  std::vector<decltype(pool.submit(add_one, std::uint64_t{}))> results;
  results.reserve(count);
  std::uint64_t sum = 0;
  const auto start = clock::now();
  for (std::uint64_t i = 0; i < count; ++i) results.push_back(pool.submit(add_one, i));
  for (auto& one : results) sum += Pool::get(one);
  return {nanoseconds(clock::now() - start) / 1000 / static_cast<double>(count), sum};
}

template <class Pool>
int run() {
  const auto expected = [](std::uint64_t n) { return n * (n + 1) / 2; };
  double bulk_us = 0;
  result singly{};
  usage used;
  bool right = true;
  {
    Pool pool(workers);
    right = submit_all(pool, warm_up).sum == expected(warm_up);
    const usage before = usage::now();
    singly = submit_all(pool, tasks);
    used = usage::now() - before;
    right = right && singly.sum == expected(tasks);
    const auto start = clock::now();
    pool.bulk(tasks, [](std::size_t) {});
    bulk_us = nanoseconds(clock::now() - start) / 1000 / static_cast<double>(tasks);
  }
  if (!right) {
    std::fputs("wrong answer: the results do not sum to what was submitted\n", stderr);
    return 1;
  }
  return report(Pool::version())
      .metric("submit_us_per_task", singly.us_per_task)
      .metric("map1_us_per_task", singly.us_per_task)
      .metric("bulk_us_per_task", bulk_us)
      .consumed(used, tasks)
      .print();
}

}  // namespace bench::m2_throughput
