#pragma once
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// M7: what memory a worker takes that has run a few tasks and now rests: the mean proportional set size (PSS) of four,
/// in which a page that n processes share counts one nth.
namespace bench::m7_memory {

inline constexpr std::size_t count = 4, tasks = 400;
inline constexpr auto rest = std::chrono::milliseconds(300);

/// Gives: kB; a negative number where the kernel does not tell.
inline double pss_of(int pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string word; file >> word;) {
    double kilobytes = 0;
    if (word == "Pss:" && file >> kilobytes) return kilobytes;
  }
  return -1;
}

template <class Pool>
int run() {
  double sum = 0;
  Pool pool(count);
  for (std::size_t i = 0; i < tasks; i += count) {
    const auto add_one = [](std::size_t one) { return one + 1; };
    std::vector<decltype(pool.submit(add_one, i))> results;
    for (std::size_t j = i; j < i + count; ++j) results.push_back(pool.submit(add_one, j));
    for (std::size_t j = 0; j < count; ++j) {
      if (Pool::get(results[j]) == i + j + 1) continue;
      std::fputs("wrong answer: a result is not what was submitted\n", stderr);
      return 1;
    }
  }
  std::this_thread::sleep_for(rest);
  const std::vector<int> pids = pool.pids();
  for (const int pid : pids) {
    const double one = pss_of(pid);
    if (one < 0 || pids.size() != count) {
      std::fprintf(stderr, "wrong answer: %zu workers, and that of pid %d takes %g kB\n", pids.size(), pid, one);
      return 1;
    }
    sum += one;
  }
  return report(Pool::version())
      .metric("worker_pss_kb", sum / count)
      .fact("host_pss_kb", pss_of(static_cast<int>(::getpid())))
      .print();
}

}  // namespace bench::m7_memory
