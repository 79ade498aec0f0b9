#include <dispenso/parallel_for.h>

#include "peers/dispenso.hpp"

#include "config.hpp"

namespace {

// The thread that asks is one of the two: a pool with one thread less helps it. Chunks as it sees fit.
class contender {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }
  explicit contender(std::size_t threads) : pool_(threads - 1) {}
  template <class F>
  void loop(std::size_t count, F body) {
    dispenso::TaskSet set(pool_);
    dispenso::parallel_for(set, dispenso::makeChunkedRange(std::size_t{0}, count, dispenso::ParForChunking::kAdaptive),
                           [body](std::size_t begin, std::size_t end) {
                             for (std::size_t i = begin; i != end; ++i) body(i);
                           });
  }

 private:
  dispenso::ThreadPool pool_;
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
