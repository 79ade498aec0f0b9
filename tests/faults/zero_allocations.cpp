// Once a pool is warm, its tasks allocate nothing: their blocks are recycled.

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>
#include <workpool/algorithm/parallel_invoke.hpp>
#include <workpool/config.hpp>
#include <workpool/detail/block_pool.hpp>
#include <workpool/pool/thread_pool.hpp>

#include "allocations.hpp"
#include "fault.hpp"

namespace wp = workpool;

namespace {

constexpr int rounds = 40;
constexpr int tasks_per_round = 500;

/// How many blocks the threads may still come to hold that they did not before, all of them once; of so many tasks that
/// is nothing.
constexpr unsigned threads = 3;  // two workers, and who submits
constexpr unsigned long blocks_held = threads * 2 * wp::detail::chain_length;
static_assert(50 * blocks_held < rounds * tasks_per_round);

/// Posts its successor from within the pool.
struct hop {
  wp::thread_pool& pool;
  int left;
  void operator()() const {
    if (left != 0) pool.post(hop{pool, left - 1});
  }
};

long leaves(wp::thread_pool& pool, int count) {
  if (count == 1) return 1;
  long some = 0, others = 0;
  wp::parallel_invoke(
      pool, [&] { some = leaves(pool, count / 2); }, [&] { others = leaves(pool, count - count / 2); });
  return some + others;
}

template <class Round>
void measure(const char* what, Round round) {
  for (int n = 0; n < rounds; ++n) round();
  const unsigned long before = fault::allocations.load();
  for (int n = 0; n < rounds; ++n) round();
  const unsigned long made = fault::allocations.load() - before;
  std::printf("%s: %lu allocations for %d tasks\n", what, made, rounds * tasks_per_round);
  fault::expect(made <= blocks_held,
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
  std::vector<wp::future<int>> waiting(tasks_per_round);
  measure("submit many, then get", [&] {
    for (int n = 0; n < tasks_per_round; ++n) waiting[static_cast<std::size_t>(n)] = pool.submit([n] { return n; });
    for (wp::future<int>& one : waiting) sum += one.get();
  });
  measure("chains, each task of which posts the next", [&] {
    for (int n = 0; n < 2; ++n) pool.post(hop{pool, tasks_per_round / 2 - 1});
    pool.wait_idle();
  });
  measure("forks", [&] { sum += pool.submit([&] { return leaves(pool, tasks_per_round); }).get(); });
  fault::expect_equal(sum, 2L * rounds * (2L * tasks_per_round * (tasks_per_round - 1) / 2 + tasks_per_round), "sum");
  return fault::failures;
#endif
}
