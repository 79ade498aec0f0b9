#include "peers/bs.hpp"

#include "config.hpp"

namespace {

// The thread that asks waits; two workers compute, as many blocks as workers, which is the default.
struct contender : bench::peers::bs_pool {
  using bs_pool::bs_pool;
  template <class F>
  void loop(std::size_t count, F body) {
    pool_.detach_blocks(std::size_t{0}, count, [body](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i != end; ++i) body(i);
    });
    pool_.wait();
  }
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
