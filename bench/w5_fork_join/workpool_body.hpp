#pragma once
#include <workpool/algorithm/task_group.hpp>
#include <workpool/pool.hpp>

namespace bench::w5_fork_join {

/// Our way to fork and join inside a task.
inline long fib(workpool::thread_pool& pool, int n) {
  if (n < 2) return n;
  long a = 0;
  workpool::task_group group(pool);
  group.run([&a, &pool, n] { a = fib(pool, n - 1); });
  const long b = fib(pool, n - 2);
  group.wait();
  return a + b;
}

}  // namespace bench::w5_fork_join
