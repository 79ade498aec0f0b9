#pragma once
#include "w1_post/config.hpp"

/// W1o: W1 with eight workers, on whatever cores there are.
namespace bench::w1o_oversubscribed {

template <class Pool>
int run(std::size_t helpers = 0) {
  return w1_post::run<Pool>({.workers = 8, .helpers = helpers, .tasks = 100'000});
}

}  // namespace bench::w1o_oversubscribed
