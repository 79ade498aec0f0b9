#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>

#include <string>

#include "config.hpp"

namespace {

// The thread that asks is one of the two. The partitioner is the default.
class contender {
 public:
  static std::string version() { return TBB_runtime_version(); }
  explicit contender(std::size_t threads)
      : limit_(tbb::global_control::max_allowed_parallelism, threads), arena_(static_cast<int>(threads)) {}
  template <class F>
  void loop(std::size_t count, F body) {
    const auto part = [body](const tbb::blocked_range<std::size_t>& range) {
      for (std::size_t i = range.begin(); i != range.end(); ++i) body(i);
    };
    arena_.execute(
        [&] { tbb::parallel_for(tbb::blocked_range<std::size_t>(0, count), part, tbb::auto_partitioner()); });
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena arena_;
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
