#include <iostream>
#include <vector>
#include <workpool/pool.hpp>

int main() {
  workpool::thread_pool pool;  // as many threads as this process may use
  auto sum = pool.submit([](int a, int b) { return a + b; }, 40, 2);
  std::cout << "the answer is " << sum.get() << '\n';
  std::vector<int> numbers{1, 2, 3, 4, 5};
  for (int square : workpool::map(pool, numbers, [](int n) { return n * n; })) std::cout << square << ' ';
  std::cout << "\nfinished " << pool.stats().completed << " tasks\n";
}
