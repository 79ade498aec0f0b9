#include "peers/workpool.hpp"

#include <utility>

#include "config.hpp"

namespace {

struct contender : bench::peers::workpool_pool {
  using workpool_pool::workpool_pool;
  template <class F>
  void low(F body) {
    pool_.post({.priority = workpool::priority::low}, std::move(body));
  }
  template <class F>
  void urgent(F body) {
    pool_.post({.priority = workpool::priority::critical}, std::move(body));
  }
};

}  // namespace

int main() { return bench::w10_urgent::run<contender>(); }
