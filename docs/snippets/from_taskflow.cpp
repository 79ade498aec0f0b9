// What one does with Taskflow and TBB.
#include <functional>
#include <iostream>
#include <numeric>
#include <vector>
#include <workpool/pool.hpp>

namespace wp = workpool;

void graph() {
  //! [graph]
  wp::thread_pool pool(4);
  int eggs = 0, flour = 0, dough = 0;
  wp::parallel_invoke(
      pool, [&] { eggs = 3; }, [&] { flour = 500; });  // returns when both have
  pool.submit([&] { dough = eggs + flour; }).get();
  std::cout << "dough " << dough << '\n';
  //! [graph]
}

//! [fork]
long fibonacci(wp::thread_pool& pool, int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  wp::parallel_invoke(
      pool, [&] { a = fibonacci(pool, n - 1); }, [&] { b = fibonacci(pool, n - 2); });
  return a + b;
}
//! [fork]

void loop() {
  //! [loop]
  wp::thread_pool pool;
  std::vector<int> numbers(1000);
  std::iota(numbers.begin(), numbers.end(), 1);
  wp::for_each(pool, numbers, [](int& n) { n *= 2; });
  const long sum = wp::transform_reduce(pool, numbers, 0L, std::plus<>(), [](int n) { return long{n}; });
  std::cout << "sum " << sum << '\n';
  //! [loop]
  std::cout << "fibonacci " << pool.submit([&] { return fibonacci(pool, 15); }).get() << '\n';
}

int main() {
  graph();
  loop();
}
