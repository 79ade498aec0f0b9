#pragma once
#include <signal.h>

#include <memory>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// M9: a pool of sixteen workers, each of which has run a task and now rests, is ended.
/// gone_16_ms: until the call that ends it has come back, and no worker is there; the median.
namespace bench::m9_teardown {

inline constexpr std::size_t rounds = 15, count = 16;

template <class Pool>
int run() {
  std::vector<double> ms;
  for (std::size_t i = 0; i < rounds; ++i) {
    auto pool = std::make_unique<Pool>(count);
    const auto pause = [] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); };
    std::vector<decltype(pool->submit(pause))> results;
    for (std::size_t j = 0; j < count; ++j) results.push_back(pool->submit(pause));
    for (auto& one : results) Pool::get(one);
    const std::vector<int> pids = pool->pids();
    const auto start = clock::now();
    pool.reset();
    ms.push_back(nanoseconds(clock::now() - start) / 1e6);
    for (const int pid : pids) {
      if (::kill(pid, 0) != 0 && pids.size() == count) continue;
      std::fprintf(stderr, "wrong answer: of %zu workers %d is still there\n", pids.size(), pid);
      return 1;
    }
  }
  return report(Pool::version()).metric("gone_16_ms", median(ms)).print();
}

}  // namespace bench::m9_teardown
