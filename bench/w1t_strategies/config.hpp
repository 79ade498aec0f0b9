#pragma once
#include <utility>

#include "peers/workpool.hpp"
#include "w1_post/config.hpp"

/// W1t: W1 where a strategy says which worker runs each task. No peer takes part.
namespace bench::w1t_strategies {

template <class Selection>
class choosing_pool {
 public:
  static std::string version() { return peers::workpool_pool::version(); }

  explicit choosing_pool(std::size_t workers) : pool_(workers) {}

  template <class F>
  void post(F body) {
    pool_.post(std::move(body));
  }

 protected:
  workpool::basic_thread_pool<Selection> pool_;
};

template <class Selection>
int run() {
  return w1_post::run<choosing_pool<Selection>>();
}

}  // namespace bench::w1t_strategies
