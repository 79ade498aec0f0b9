// Once a pool is warm, its tasks allocate nothing: their blocks are recycled.

#include <atomic>
#include <cstdio>
#include <string>
#include <workpool/config.hpp>
#include <workpool/detail/block_pool.hpp>
#include <workpool/pool/thread_pool.hpp>

#include "allocations.hpp"
#include "fault.hpp"

namespace wp = workpool;

namespace {

constexpr int rounds = 10;
constexpr int tasks_per_round = 500;

/// A thread may still come to hold a few blocks more than it ever did; that is nothing per task.
constexpr unsigned long blocks_a_thread_holds = 2 * wp::detail::chain_length;

template <class Round>
void measure(const char* what, Round round) {
  for (int n = 0; n < rounds; ++n) round();
  const unsigned long before = fault::allocations.load();
  for (int n = 0; n < rounds; ++n) round();
  const unsigned long made = fault::allocations.load() - before;
  std::printf("%s: %lu allocations for %d tasks\n", what, made, rounds * tasks_per_round);
  fault::expect(made <= blocks_a_thread_holds,
                std::string(what) + ": no allocation per task, but there were " + std::to_string(made));
}

}  // namespace

int main() {
#if WORKPOOL_UNDER_ASAN
  std::puts("skipped: nothing is recycled under AddressSanitizer");
  return fault::skipped;
#else
  const workpool_test::hang_trap trap("zero_allocations");
  wp::thread_pool pool{2};
  long sum = 0;
  measure("submit and get", [&] {
    for (int n = 0; n < tasks_per_round; ++n) sum += pool.submit([n] { return n; }).get();
  });
  std::atomic<int> ran{0};
  measure("post", [&] {
    pool.pause();  // as many wait in every round
    for (int n = 0; n < tasks_per_round; ++n) pool.post([&ran] { ++ran; });
    pool.resume();
    pool.wait_idle();
  });
  fault::expect_equal(ran.load(), 2 * rounds * tasks_per_round, "tasks that ran");
  return fault::failures;
#endif
}
