#pragma once
#include <cstdint>
#include <utility>
#include <workpool/core/priority.hpp>

#include "peers/workpool.hpp"
#include "w1_post/config.hpp"

/// W1l: W1 with a priority said for each task: the four in turn, or one for all. No peer takes part.
namespace bench::w1l_four_lanes {

template <std::size_t Lanes>
class lane_pool : public peers::workpool_pool {
 public:
  using workpool_pool::workpool_pool;

  template <class F>
  void post(F body) {
    const auto lane = Lanes == 1 ? workpool::priority::normal : static_cast<workpool::priority>(next_++ % Lanes);
    pool_.post({.priority = lane}, std::move(body));
  }

 private:
  std::size_t next_ = 0;
};

template <std::size_t Lanes>
int run() {
  return w1_post::run<lane_pool<Lanes>>();
}

}  // namespace bench::w1l_four_lanes
