#pragma once
#include <vector>

#include "driver/run.hpp"

/// M5: from before a pool is made until the first result is there.
/// first_2_ms: the first pool of the process, two workers. again_2_ms, again_16_ms: a later one, two or sixteen
/// workers; medians.
namespace bench::m5_construct {

inline constexpr std::size_t rounds = 15;

template <class Pool>
double milliseconds(std::size_t count, std::size_t& wrong) {
  const auto start = clock::now();
  Pool pool(count);
  auto result = pool.submit([](int a) { return a + 1; }, 41);
  wrong += Pool::get(result) != 42;
  return nanoseconds(clock::now() - start) / 1e6;
}

template <class Pool>
int run() {
  std::size_t wrong = 0;
  const double first = milliseconds<Pool>(2, wrong);
  std::vector<double> two, sixteen;
  for (std::size_t i = 0; i < rounds; ++i) two.push_back(milliseconds<Pool>(2, wrong));
  for (std::size_t i = 0; i < rounds; ++i) sixteen.push_back(milliseconds<Pool>(16, wrong));
  if (wrong != 0) {
    std::fprintf(stderr, "wrong answer: %zu results are not 42\n", wrong);
    return 1;
  }
  return report(Pool::version())
      .metric("first_2_ms", first)
      .metric("again_2_ms", median(two))
      .metric("again_16_ms", median(sixteen))
      .print();
}

}  // namespace bench::m5_construct
