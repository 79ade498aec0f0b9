#include "peers/tmc.hpp"

#include "config.hpp"

namespace {

tmc::task<long> recurse(int n) {
  if (n < 2) co_return n;
  auto [a, b] = co_await tmc::spawn_tuple(recurse(n - 1), recurse(n - 2));
  co_return a + b;
}

struct contender : bench::peers::tmc_pool {
  using tmc_pool::tmc_pool;
  long fib(int n) { return tmc::post_waitable(pool_, recurse(n)).get(); }
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
