#pragma once
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// M6: the only worker of a pool is killed with SIGKILL in the middle of a task.
/// replaced_ms: from the kill until another process has given a result of the next task; median and worst of the
/// rounds.
namespace bench::m6_replace {

inline constexpr std::size_t rounds = 20;
inline constexpr auto settle = std::chrono::milliseconds(20);  // until the task runs

template <class Pool>
int run() {
  std::vector<double> ms;
  std::size_t lost = 0;
  {
    Pool pool(1);
    const auto own_pid = [] { return static_cast<int>(::getpid()); };
    for (std::size_t i = 0; i < rounds; ++i) {
      auto before = pool.submit(own_pid);
      const int victim = Pool::get(before);
      auto doomed = pool.submit([] { std::this_thread::sleep_for(std::chrono::seconds(100)); });
      std::this_thread::sleep_for(settle);
      const auto start = clock::now();
      ::kill(victim, SIGKILL);
      auto after = pool.submit(own_pid);
      const int replacement = Pool::get(after);
      ms.push_back(nanoseconds(clock::now() - start) / 1e6);
      if (replacement == victim) {
        std::fputs("wrong answer: the task ran in a process that had been killed\n", stderr);
        return 1;
      }
      try {
        Pool::get(doomed);
      } catch (const std::exception&) {
        ++lost;
      }
    }
  }
  if (lost != rounds) {
    std::fprintf(stderr, "wrong answer: %zu tasks are lost, expected %zu\n", lost, rounds);
    return 1;
  }
  return report(Pool::version())
      .metric("replaced_ms", median(ms))
      .metric("replaced_worst_ms", percentile(ms, 1.0))
      .print();
}

}  // namespace bench::m6_replace
