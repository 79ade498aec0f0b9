#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>

#include <string>
#include <utility>

#include "config.hpp"

namespace {

// An arena for each priority, which the same two workers serve.
class contender {
 public:
  static std::string version() { return TBB_runtime_version(); }
  explicit contender(std::size_t workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers + 1),
        low_(static_cast<int>(workers), 0, tbb::task_arena::priority::low),
        high_(static_cast<int>(workers), 0, tbb::task_arena::priority::high) {
    low_.initialize();
    high_.initialize();
  }
  template <class F>
  void low(F body) {
    low_.enqueue(std::move(body));
  }
  template <class F>
  void urgent(F body) {
    high_.enqueue(std::move(body));
  }

 private:
  tbb::global_control limit_;
  tbb::task_arena low_, high_;
};

}  // namespace

int main() { return bench::w10_urgent::run<contender>(); }
