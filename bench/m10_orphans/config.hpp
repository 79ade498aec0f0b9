#pragma once
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "driver/run.hpp"

/// M10: a process with a pool of four workers, two of which are in the middle of a task of a hundred seconds, is killed
/// with SIGKILL.
/// gone_ms: from the kill until none of its processes is there; 1000 where that is not so after a second; the median.
/// left: how many there are after a second, the mean of all rounds.
namespace bench::m10_orphans {

inline constexpr std::size_t rounds = 10, count = 4;
inline constexpr auto settle = std::chrono::milliseconds(20);  // until the tasks run
inline constexpr auto limit = std::chrono::seconds(1);

/// The children of this process that have not ended: its own, and those whose parents are dead, as it is a subreaper.
inline std::vector<int> children() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
  std::vector<int> found;
  std::ifstream file("/proc/self/task/" + std::to_string(::getpid()) + "/children");
  for (int one = 0; file >> one;) found.push_back(one);
  return found;
}

template <class Pool>
[[noreturn]] void be_host(int ready) {
  Pool pool(count);
  const auto pause = [](int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); };
  std::vector<decltype(pool.submit(pause, 0))> results;
  for (std::size_t i = 0; i < count; ++i) results.push_back(pool.submit(pause, 20));
  for (auto& one : results) Pool::get(one);
  for (std::size_t i = 0; i < count / 2; ++i) results.push_back(pool.submit(pause, 100'000));
  std::this_thread::sleep_for(settle);
  if (::write(ready, "x", 1) != 1) std::abort();
  for (;;) ::pause();
}

template <class Pool>
int run() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::vector<double> ms;
  std::size_t left = 0;
  for (std::size_t i = 0; i < rounds; ++i) {
    int ready[2];
    if (::pipe(ready) != 0) std::abort();
    const int host = ::fork();
    if (host == 0) be_host<Pool>(ready[1]);
    ::close(ready[1]);
    char byte = 0;
    if (::read(ready[0], &byte, 1) != 1) {
      std::fputs("wrong answer: the host has not begun\n", stderr);
      return 1;
    }
    ::close(ready[0]);
    const auto start = clock::now();
    ::kill(host, SIGKILL);
    std::vector<int> there = children();
    while (!there.empty() && clock::now() - start < limit) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      there = children();
    }
    ms.push_back(there.empty() ? nanoseconds(clock::now() - start) / 1e6 : 1000);
    left += there.size();
    for (; !there.empty(); there = children()) {
      for (const int one : there) ::kill(one, SIGKILL);
    }
  }
  return report(Pool::version())
      .metric("gone_ms", median(ms))
      .fact("left", static_cast<double>(left) / static_cast<double>(rounds))
      .print();
}

}  // namespace bench::m10_orphans
