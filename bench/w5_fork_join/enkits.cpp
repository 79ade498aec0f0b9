#include <enkiTS/TaskScheduler.h>

#include <cstdint>
#include <string>

#include "config.hpp"

namespace {

// The thread that asks is one of the two. Tasks live on the stack of the one that waits for them.
class contender {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }
  explicit contender(std::size_t threads) {
    enki::TaskSchedulerConfig config;
    config.numTaskThreadsToCreate = static_cast<std::uint32_t>(threads - 1);
    pool_.Initialize(config);
  }

  long fib(int n) {
    if (n < 2) return n;
    half forked(*this, n - 1);
    pool_.AddTaskSetToPipe(&forked);
    const long b = fib(n - 2);
    pool_.WaitforTask(&forked);
    return forked.answer + b;
  }

 private:
  struct half : enki::ITaskSet {
    contender& of;
    int n;
    long answer = 0;
    half(contender& owner, int number) : of(owner), n(number) {}
    void ExecuteRange(enki::TaskSetPartition, std::uint32_t) override { answer = of.fib(n); }
  };

  enki::TaskScheduler pool_;
};

}  // namespace

int main() { return bench::w5_fork_join::run<contender>(); }
