#include "peers/enkits.hpp"

#include "config.hpp"

namespace {

struct contender : bench::peers::enkits_pool {
  using enkits_pool::enkits_pool;
  template <class F>
  void low(F body) {
    post(std::move(body), enki::TASK_PRIORITY_LOW);
  }
  template <class F>
  void urgent(F body) {
    post(std::move(body), enki::TASK_PRIORITY_HIGH);
  }
};

}  // namespace

int main() { return bench::w10_urgent::run<contender>(); }
