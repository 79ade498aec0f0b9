#define TMC_PRIORITY_COUNT 2
#include "peers/tmc.hpp"

#include "config.hpp"

namespace {

struct contender : bench::peers::tmc_pool {
  using tmc_pool::tmc_pool;
  template <class F>
  void low(F body) {
    tmc::post(pool_, std::move(body), 1);
  }
  template <class F>
  void urgent(F body) {
    tmc::post(pool_, std::move(body), 0);
  }
};

}  // namespace

int main() { return bench::w10_urgent::run<contender>(); }
