#pragma once
#include "w1_post/config.hpp"

/// W1s: W1 with a single worker, so that no two workers compete for a task.
namespace bench::w1s_one_worker {

template <class Pool>
int run(std::size_t helpers = 0) {
  return w1_post::run<Pool>({.workers = 1, .helpers = helpers});
}

}  // namespace bench::w1s_one_worker
