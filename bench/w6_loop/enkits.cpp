#include <enkiTS/TaskScheduler.h>

#include <cstdint>
#include <string>
#include <utility>

#include "config.hpp"

namespace {

// The thread that asks is one of the two. One ITaskSet of all bodies, divided as it sees fit.
class contender {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }
  explicit contender(std::size_t threads) {
    enki::TaskSchedulerConfig config;
    config.numTaskThreadsToCreate = static_cast<std::uint32_t>(threads - 1);
    pool_.Initialize(config);
  }
  template <class F>
  void loop(std::size_t count, F body) {
    bodies<F> all(static_cast<std::uint32_t>(count), std::move(body));
    pool_.AddTaskSetToPipe(&all);
    pool_.WaitforTask(&all);
  }

 private:
  template <class F>
  struct bodies : enki::ITaskSet {
    F body;
    bodies(std::uint32_t count, F&& given) : ITaskSet(count), body(std::move(given)) {}
    void ExecuteRange(enki::TaskSetPartition part, std::uint32_t) override {
      for (std::size_t i = part.start; i != part.end; ++i) body(i);
    }
  };

  enki::TaskScheduler pool_;
};

}  // namespace

int main() { return bench::w6_loop::run<contender>(); }
