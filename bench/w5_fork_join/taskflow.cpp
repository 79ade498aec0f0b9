#define BENCH_TASKS_POST_TASKS
#include "peers/taskflow.hpp"

#include "config.hpp"

namespace {

struct contender : bench::peers::taskflow_pool {
  using taskflow_pool::taskflow_pool;
  long fib(int n) {
    return pool_.async([this, n] { return recurse(n); }).get();
  }

 private:
  // As in its own benchmark of the same name.
  long recurse(int n) {
    if (n < 2) return n;
    long a = 0;
    tf::TaskGroup group = pool_.task_group();
    group.silent_async([this, &a, n] { a = recurse(n - 1); });
    const long b = recurse(n - 2);
    group.corun();
    return a + b;
  }
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
