#include <ranges>
#include <workpool/algorithm/for_each.hpp>

#include "peers/workpool.hpp"

#include "config.hpp"

namespace {

// The thread that asks is one of the two: a pool with one worker less helps it.
struct contender : bench::peers::workpool_pool {
  explicit contender(std::size_t threads) : workpool_pool(threads - 1) {}
  template <class F>
  void loop(std::size_t count, F body) {
    workpool::for_each(pool_, std::views::iota(std::size_t{0}, count), body);
  }
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
