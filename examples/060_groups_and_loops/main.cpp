// Many tasks at once: a bulk, a group that nests, a fork, loops over ranges. All of them return when every body has
// returned, and an error cancels what has not started.
#include <atomic>
#include <functional>
#include <iostream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/pool.hpp>

namespace wp = workpool;

/// Divide and conquer: a task of the group makes groups itself. A worker that waits runs what it waits for.
int leaves(wp::thread_pool& pool, int depth) {
  if (depth == 0) return 1;
  int left = 0, right = 0;
  wp::task_group both{pool};
  both.run([&] { left = leaves(pool, depth - 1); });
  both.run([&] { right = leaves(pool, depth - 1); });
  both.wait();
  return left + right;
}

/// The same where the halves are small: a fork costs little more than a call until another worker takes a part of it.
long fibonacci(wp::thread_pool& pool, int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  wp::parallel_invoke(
      pool, [&] { a = fibonacci(pool, n - 1); }, [&] { b = fibonacci(pool, n - 2); });
  return a + b;
}

int main() {
  wp::thread_pool pool;

  std::atomic<int> calls{0};
  pool.submit_bulk(1000, [&](std::size_t) { ++calls; }).wait();
  std::cout << "bulk: " << calls << " calls, one future\n";

  std::cout << "group: " << pool.submit([&] { return leaves(pool, 10); }).get() << " leaves\n";
  std::cout << "fork: fibonacci(20) is " << pool.submit([&] { return fibonacci(pool, 20); }).get() << '\n';

  std::vector<int> numbers(100'000);
  std::iota(numbers.begin(), numbers.end(), 1);
  wp::for_each(pool, numbers, [](int& n) { n *= 2; });  // the caller helps
  std::cout << "for_each: the last one is " << numbers.back() << '\n';

  const auto sum =
      wp::transform_reduce(pool, numbers, 0LL, std::plus<>(), [](int n) { return static_cast<long long>(n) * n; });
  std::cout << "transform_reduce: " << sum << '\n';

  const std::vector<std::string> words{"lazy", "ordered", "bounded"};
  std::cout << "map:";
  for (const std::size_t length :
       wp::map(pool, words, [](const std::string& word) { return word.size(); }, {.window = 2})) {
    std::cout << ' ' << length;
  }
  std::cout << '\n';

  wp::task_group fragile{pool};
  fragile.run([] { throw std::runtime_error("the first error cancels the rest"); });
  try {
    fragile.wait();
  } catch (const std::runtime_error& error) {
    std::cout << "error: " << error.what() << '\n';
  }
}
