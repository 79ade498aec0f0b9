#include "peers/workpool.hpp"

#include <workpool/algorithm/parallel_invoke.hpp>

#include "config.hpp"

namespace {

long fib(workpool::thread_pool& pool, int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  workpool::parallel_invoke(
      pool, [&] { a = fib(pool, n - 1); }, [&] { b = fib(pool, n - 2); });
  return a + b;
}

struct contender : bench::peers::workpool_pool {
  using workpool_pool::workpool_pool;
  long fib(int n) {
    return pool_.submit([this, n] { return ::fib(pool_, n); }).get();
  }
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
