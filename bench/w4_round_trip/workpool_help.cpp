#include "peers/workpool.hpp"

#include "config.hpp"

// get(help): the waiting thread runs the task itself when no worker has begun it.
struct helping_pool : bench::peers::workpool_pool {
  using workpool_pool::workpool_pool;
  template <class Future>
  static auto get(Future& result) {
    return result.get(workpool::help);
  }
};

int main() { return bench::w4_round_trip::run<helping_pool>(bench::workers + 1); }
