#include "peers/workpool.hpp"

#include "config.hpp"
#include "workpool_body.hpp"

namespace {

struct contender : bench::peers::workpool_pool {
  using workpool_pool::workpool_pool;
  long fib(int n) {
    return pool_.submit([this, n] { return bench::w5_fork_join::fib(pool_, n); }).get();
  }
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
