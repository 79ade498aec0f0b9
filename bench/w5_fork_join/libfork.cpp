#include <libfork/core.hpp>
#include <libfork/schedule.hpp>
#include <string>

#include "config.hpp"

namespace {

constexpr auto recurse = [](auto self, int n) -> lf::task<long> {
  if (n < 2) co_return n;
  long a = 0, b = 0;
  co_await lf::fork(&a, self)(n - 1);
  co_await lf::call(&b, self)(n - 2);
  co_await lf::join;
  co_return a + b;
};

// The scheduler of its own examples: workers sleep while there is nothing to steal.
class contender {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }
  explicit contender(std::size_t threads) : pool_(threads) {}
  long fib(int n) { return lf::sync_wait(pool_, recurse, n); }

 private:
  lf::lazy_pool pool_;
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
