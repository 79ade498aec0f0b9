#include <BS_thread_pool.hpp>
#include <string>
#include <utility>

#include "config.hpp"

namespace {

// The kind with priorities, which is a heap.
class contender {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }
  explicit contender(std::size_t workers) : pool_(workers) {}
  template <class F>
  void low(F body) {
    pool_.detach_task(std::move(body), BS::pr::low);
  }
  template <class F>
  void urgent(F body) {
    pool_.detach_task(std::move(body), BS::pr::highest);
  }

 private:
  BS::priority_thread_pool pool_;
};

}  // namespace

int main() { return bench::w10_urgent::run<contender>(); }
