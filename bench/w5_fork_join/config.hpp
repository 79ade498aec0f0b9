#pragma once
#include <vector>

#include "driver/run.hpp"

/// W5: fib(27) by recursion, where every call above 1 starts one half as a task of its own and joins it. No cutoff:
/// 317 810 tasks that do nothing but an addition. Two threads compute, the one that asks included where it takes part.
/// ms: one fib(27); median of the passes.
namespace bench::w5_fork_join {

inline constexpr int number = 27;
inline constexpr long expected = 196'418;
inline constexpr std::size_t tasks = 317'810;
inline constexpr std::size_t most_passes = 15;                  // after one that warms up
inline constexpr auto enough = std::chrono::milliseconds(700);  // no further pass begins after it

/// A contender is made with the number of threads that are to compute, and has fib(int), called from the main thread.
template <class Contender>
int run() {
  std::vector<double> each;
  usage used;
  std::size_t wrong = 0;
  {
    Contender contender(workers);
    const auto begin = clock::now();
    wrong += contender.fib(number) != expected;
    const usage before = usage::now();
    do {
      const auto start = clock::now();
      const long answer = contender.fib(number);
      each.push_back(nanoseconds(clock::now() - start) / 1e6);
      wrong += answer != expected;
    } while (each.size() < most_passes && clock::now() - begin < enough);
    used = usage::now() - before;
  }
  if (wrong != 0) {
    std::fprintf(stderr, "wrong answer: %zu passes did not give fib(%d) = %ld\n", wrong, number, expected);
    return 1;
  }
  return report(Contender::version())
      .metric("ms", median(each))
      .consumed(used, each.size() * tasks)
      .fact("passes", static_cast<double>(each.size()))
      .print();
}

}  // namespace bench::w5_fork_join
