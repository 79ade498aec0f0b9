#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>

#include <string>

#include "config.hpp"

namespace {

long recurse(int n) {
  if (n < 2) return n;
  long a = 0;
  tbb::task_group group;
  group.run([&a, n] { a = recurse(n - 1); });
  const long b = recurse(n - 2);
  group.wait();
  return a + b;
}

// The thread that asks is one of the two: that is how TBB is meant.
class contender {
 public:
  static std::string version() { return TBB_runtime_version(); }
  explicit contender(std::size_t threads)
      : limit_(tbb::global_control::max_allowed_parallelism, threads), arena_(static_cast<int>(threads)) {}
  long fib(int n) {
    return arena_.execute([n] { return recurse(n); });
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
