#pragma once
#include <cstdint>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// W4: one thread submits one task, waits for its result, and again.
/// hot_…: the next right after the last. idle_…: after a pause in which everything falls asleep.
/// Microseconds from before submit until after get, two readings of the clock included.
namespace bench::w4_round_trip {

inline constexpr std::size_t warm_up = 2'000;
inline constexpr std::size_t hot = 20'000;
inline constexpr std::size_t idle = 300;
inline constexpr auto pause = std::chrono::milliseconds(2);  // a hundred times what a worker may spin before it parks

struct body {
  std::uint64_t value;
  std::uint64_t operator()() const {
    tasks_run::add();
    return value + 1;
  }
};

/// Gives: microseconds. Raises `wrong` on a wrong result.
template <class Pool>
double round_trip(Pool& pool, std::uint64_t value, std::size_t& wrong) {
  const auto start = clock::now();
  auto result = pool.submit(body{value});
  const std::uint64_t answer = Pool::get(result);
  const auto took = clock::now() - start;
  wrong += answer != value + 1;
  return nanoseconds(took) / 1000;
}

/// `most_threads`: one more than workers where the waiting thread may run the task.
template <class Pool>
int run(std::size_t most_threads = workers) {
  std::vector<double> hot_us, idle_us;
  hot_us.reserve(hot);
  idle_us.reserve(idle);
  usage used;
  std::size_t wrong = 0;
  {
    Pool pool(workers);
    for (std::size_t i = 0; i < warm_up; ++i) round_trip(pool, i, wrong);
    const usage before = usage::now();
    for (std::size_t i = 0; i < hot; ++i) hot_us.push_back(round_trip(pool, i, wrong));
    used = usage::now() - before;
    for (std::size_t i = 0; i < idle; ++i) {
      std::this_thread::sleep_for(pause);
      idle_us.push_back(round_trip(pool, i, wrong));
    }
  }
  if (wrong != 0) {
    std::fprintf(stderr, "wrong answer: %zu results are not what was submitted\n", wrong);
    return 1;
  }
  if (!all_ran(warm_up + hot + idle, most_threads)) return 1;
  return report(Pool::version())
      .metric("hot_p50_us", percentile(hot_us, 0.50))
      .metric("hot_p99_us", percentile(hot_us, 0.99))
      .metric("idle_p50_us", percentile(idle_us, 0.50))
      .metric("idle_p99_us", percentile(idle_us, 0.99))
      .consumed(used, hot)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w4_round_trip
