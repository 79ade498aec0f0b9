// oneTBB.
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/task_group.h>
#include <functional>
#include <iostream>
#include <numeric>
#include <vector>

//! [fork]
long fibonacci_tbb(int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  oneapi::tbb::task_group both;
  both.run([&] { a = fibonacci_tbb(n - 1); });
  b = fibonacci_tbb(n - 2);
  both.wait();
  return a + b;
}
//! [fork]

int main() {
  //! [loop]
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  using range = oneapi::tbb::blocked_range<std::vector<int>::iterator>;
  oneapi::tbb::parallel_for(range(numbers.begin(), numbers.end()), [](const range& part) {
    for (int& n : part) n *= 2;
  });
  const long sum = oneapi::tbb::parallel_reduce(
      range(numbers.begin(), numbers.end()), 0L,
      [](const range& part, long so_far) { return std::accumulate(part.begin(), part.end(), so_far); }, std::plus<>());
  std::cout << "sum " << sum << '\n';
  //! [loop]
  std::cout << "fibonacci " << fibonacci_tbb(15) << '\n';
}
