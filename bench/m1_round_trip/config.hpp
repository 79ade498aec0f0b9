#pragma once
#include <cstdint>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// M1: one thread submits one task, waits for its result, and again; the task runs in another process.
/// hot_…: the next right after the last. idle_…: after a pause in which everything falls asleep.
/// Microseconds from before submit until after get. What is consumed, is by the host's process alone.
namespace bench::m1_round_trip {

inline constexpr std::size_t warm_up = 500;
inline constexpr std::size_t hot = 4'000;
inline constexpr std::size_t idle = 100;
inline constexpr auto pause = std::chrono::milliseconds(5);

/// Gives: microseconds. Raises `wrong` on a wrong result.
template <class Pool>
double round_trip(Pool& pool, std::uint64_t value, std::size_t& wrong) {
  const auto start = clock::now();
  auto result = pool.submit([](std::uint64_t one) { return one + 1; }, value);
  const std::uint64_t answer = Pool::get(result);
  const auto took = clock::now() - start;
  wrong += answer != value + 1;
  return nanoseconds(took) / 1000;
}

template <class Pool>
int run() {
  std::vector<double> hot_us, idle_us;
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
  return report(Pool::version())
      .metric("hot_p50_us", percentile(hot_us, 0.50))
      .metric("hot_p99_us", percentile(hot_us, 0.99))
      .metric("idle_p50_us", percentile(idle_us, 0.50))
      .metric("idle_p99_us", percentile(idle_us, 0.99))
      .consumed(used, hot)
      .print();
}

}  // namespace bench::m1_round_trip
