#include <workpool/detail/posix/asymmetric_fence.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <sys/wait.h>
#include <atomic>
#include <thread>
#include <workpool/detail/pause.hpp>

using workpool::detail::heavy_fence;
using workpool::detail::light_fence;

namespace {

/// How often both of two threads, each of which stores and then looks at what the other stores, see nothing.
int missed_both(int rounds) {
  std::atomic<int> left{0}, right{0}, begun{0}, ended{0};
  int seen_by_left = 0, missed = 0;
  std::thread often([&] {
    for (int round = 1; round <= rounds; ++round) {
      for (workpool::detail::spinner spin; begun.load(std::memory_order_acquire) != round;) spin.once();
      left.store(round, std::memory_order_relaxed);
      light_fence();
      seen_by_left = right.load(std::memory_order_relaxed);
      ended.store(round, std::memory_order_release);
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    begun.store(round, std::memory_order_release);
    for (int drift = round % 40; drift > 0; --drift) workpool::detail::pause();
    right.store(round, std::memory_order_relaxed);
    heavy_fence();
    const int seen_by_right = left.load(std::memory_order_relaxed);
    for (workpool::detail::spinner spin; ended.load(std::memory_order_acquire) != round;) spin.once();
    missed += seen_by_left != round && seen_by_right != round;
  }
  often.join();
  return missed;
}

}  // namespace

TEST_CASE("of a light and a heavy fence, one side sees the other") { CHECK(missed_both(20'000) == 0); }

TEST_CASE("a child of fork has a heavy fence, too") {
  const ::pid_t child = ::fork();
  if (child == 0) {
    heavy_fence();
    ::_exit(missed_both(500) == 0 ? 7 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 7);
}
