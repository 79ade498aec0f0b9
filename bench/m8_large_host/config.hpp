#pragma once
#include <memory>
#include <vector>

#include "driver/run.hpp"

/// M8: a pool of one worker in a process that has 2 GiB of memory in use, from before it is made until its first result
/// is there.
/// first_ms: the first pool of the process. another_ms: one more beside it; the median.
namespace bench::m8_large_host {

inline constexpr std::size_t rounds = 15, size = std::size_t{2} << 30, page = 4096;

template <class Pool>
double milliseconds(std::unique_ptr<Pool>& pool, std::size_t& wrong) {
  const auto start = clock::now();
  pool = std::make_unique<Pool>(std::size_t{1});
  auto result = pool->submit([](int a) { return a + 1; }, 41);
  wrong += Pool::get(result) != 42;
  return nanoseconds(clock::now() - start) / 1e6;
}

template <class Pool>
int run() {
  const std::unique_ptr<char[]> memory(new char[size]);
  for (std::size_t at = 0; at < size; at += page) static_cast<volatile char*>(memory.get())[at] = 1;
  std::size_t wrong = 0;
  std::unique_ptr<Pool> one, other;
  const double first = milliseconds(one, wrong);
  std::vector<double> later;
  for (std::size_t i = 0; i < rounds; ++i) {
    later.push_back(milliseconds(other, wrong));
    other.reset();
  }
  if (wrong != 0) {
    std::fprintf(stderr, "wrong answer: %zu results are not 42\n", wrong);
    return 1;
  }
  return report(Pool::version()).metric("first_ms", first).metric("another_ms", median(later)).print();
}

}  // namespace bench::m8_large_host
