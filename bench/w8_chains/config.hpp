#pragma once
#include <cstdint>
#include <latch>
#include <vector>

#include "driver/run.hpp"

/// W8: a chain of tasks, each of which posts the next from inside the worker and ends. One chain alone, then two at the
/// same time.
/// …_ns_per_hop: from before the first post until the chains have ended, over the hops of one; median of the passes.
namespace bench::w8_chains {

inline constexpr std::size_t hops = 50'000;
inline constexpr std::size_t passes = 7;  // after one that warms up

/// A pool may have post_inside for what its documentation recommends to a task that posts its own successor.
template <class Pool>
struct hop {
  Pool* pool;
  std::latch* chains;
  std::uint64_t left;

  void operator()() const {
    tasks_run::add();
    if (left == 0) return chains->count_down();
    hop next{pool, chains, left - 1};
    if constexpr (requires { pool->post_inside(next); }) {
      pool->post_inside(next);
    } else {
      pool->post(next);
    }
  }
};

/// Gives: nanoseconds per hop, median of the passes.
template <class Pool>
double measure(Pool& pool, std::size_t chains) {
  std::vector<double> each;
  for (std::size_t pass = 0; pass <= passes; ++pass) {
    std::latch left(static_cast<std::ptrdiff_t>(chains));
    const auto start = clock::now();
    for (std::size_t i = 0; i < chains; ++i) pool.post(hop<Pool>{&pool, &left, hops - 1});
    left.wait();
    if (pass > 0) each.push_back(nanoseconds(clock::now() - start) / hops);
  }
  return median(each);
}

template <class Pool>
int run() {
  double one = 0, two = 0;
  usage used;
  {
    Pool pool(workers);
    const usage before = usage::now();
    one = measure(pool, 1);
    two = measure(pool, 2);
    used = usage::now() - before;
  }
  constexpr std::size_t ran = 3 * (passes + 1) * hops;
  if (!all_ran(ran)) return 1;
  return report(Pool::version())
      .metric("one_chain_ns_per_hop", one)
      .metric("two_chains_ns_per_hop", two)
      .consumed(used, ran)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w8_chains
