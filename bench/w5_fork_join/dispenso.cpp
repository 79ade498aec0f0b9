#include <dispenso/task_set.h>

#include "peers/dispenso.hpp"

#include "config.hpp"

namespace {

// The thread that asks is one of the two: it computes, and a pool with one thread less helps.
class contender {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }
  explicit contender(std::size_t threads) : pool_(threads - 1) {}

  long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    dispenso::TaskSet set(pool_);
    set.schedule([this, &a, n] { a = fib(n - 1); });
    const long b = fib(n - 2);
    set.wait();
    return a + b;
  }

 private:
  dispenso::ThreadPool pool_;
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
