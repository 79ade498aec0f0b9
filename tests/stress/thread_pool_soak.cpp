// Very many tasks through one pool, and after them pools that come and go: memory stays flat, nothing is lost.
//
//   thread_pool_soak <tasks> <cycles> [<tasks in bulks>]
//
// The resident set after a tenth of the tasks is what a pool in steady state needs; at the end it may be at most 4 MiB
// larger. Under a sanitizer, which keeps what was freed, the memory in use is asked of its allocator instead. A cycle
// constructs a pool, submits a few tasks and destroys it; no thread may be left of it.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string>
#include <workpool/pool.hpp>

#include "support/bytes_in_use.hpp"
#include "support/eventually.hpp"
#include "support/hang_trap.hpp"

namespace wp = workpool;
using workpool_test::bytes_in_use;

namespace {

auto threads_of_process() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

constexpr std::uint64_t batch = 10'000;

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "thread_pool_soak: not so: %s\n", what);
  std::exit(1);
}

/// Has `one_batch(pool)` count itself in `ran` until there were so many tasks.
template <class Batch>
void run(const char* what, std::uint64_t tasks, std::atomic<std::uint64_t>& ran, Batch one_batch) {
  std::uint64_t before = 0;
  ran = 0;
  wp::thread_pool pool{{.workers = 2}};
  for (std::uint64_t submitted = 0; submitted < tasks; submitted += batch) {
    one_batch(pool);
    pool.wait_idle();
    if (submitted <= tasks / 10) before = bytes_in_use();
  }
  const std::uint64_t rounded = (tasks + batch - 1) / batch * batch;
  expect(ran == rounded, "every task ran");
  expect(pool.stats().completed == rounded, "every task is in the books");
  const std::uint64_t now = bytes_in_use();
  std::printf("%llu %s; in use %.1f MB after a tenth, %.1f MB at the end\n", static_cast<unsigned long long>(rounded),
              what, static_cast<double>(before) / 1e6, static_cast<double>(now) / 1e6);
  expect(now <= before + (std::uint64_t{4} << 20), "memory is flat");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto tasks = static_cast<std::uint64_t>(std::atoll(argv[1]));
  const auto cycles = std::atoi(argv[2]);
  std::atomic<std::uint64_t> ran{0};
  const auto count = [&ran] { ran.fetch_add(1, std::memory_order_relaxed); };
  run("tasks", tasks, ran, [&](wp::thread_pool& pool) {
    for (std::uint64_t n = 0; n < batch; ++n) pool.post(count);
  });
  run("tasks in bulks", argc > 3 ? static_cast<std::uint64_t>(std::atoll(argv[3])) : 0, ran,
      [&](wp::thread_pool& pool) { pool.submit_bulk(batch, [&](std::size_t) { count(); }).get(); });
  const auto threads = threads_of_process();
  std::uint64_t early = 0;
  for (int n = 0; n < cycles; ++n) {
    wp::thread_pool pool{{.workers = 2}};
    const int value = pool.submit([n] { return n; }).get();
    expect(value == n, "a pool that has just been made gives results");
    pool.post({.timeout = std::chrono::seconds(60)}, [] {});
    if (n == cycles / 10) early = bytes_in_use();
  }
  const std::uint64_t late = bytes_in_use();
  std::printf("%d pools; in use %.1f MB after a tenth, %.1f MB at the end\n", cycles, static_cast<double>(early) / 1e6,
              static_cast<double>(late) / 1e6);
  expect(late <= early + (std::uint64_t{4} << 20), "memory is flat over pools that come and go");
  expect(workpool_test::eventually([&] { return threads_of_process() == threads; }), "no thread is left of them");
}
