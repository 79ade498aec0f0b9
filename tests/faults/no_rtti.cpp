// A program without run-time type information and with hidden symbols can use everything.

#include <atomic>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <vector>
#include <workpool/pool.hpp>

#include "fault.hpp"

namespace wp = workpool;

#if defined(__GXX_RTTI)
#error "this program is to be compiled with -fno-rtti"
#endif

int main() {
  const workpool_test::hang_trap trap("no_rtti");
  wp::thread_pool pool{{.workers = 2, .queue = {.capacity = 10}}};
  auto settled = std::make_shared<std::atomic<int>>(0);
  auto news = pool.on_event<wp::event::task_settled>([settled](const wp::event::task_settled&) { ++*settled; });
  fault::expect_equal(pool.submit([](int n) { return n + 1; }, 4).get(), 5, "result");
  fault::expect_equal(pool.submit(wp::use_std_future, [] { return 6; }).get(), 6, "result of a std::future");
  auto failed = pool.submit([] { throw std::runtime_error("seen"); });
  fault::expect(fault::thrown_text<std::runtime_error>([&] { failed.get(); }) == "seen", "the error is passed on");
  std::vector<int> numbers(100);
  std::iota(numbers.begin(), numbers.end(), 0);
  int sum = 0;
  for (const int one : wp::map(pool, numbers, [](int n) { return n; })) sum += one;
  fault::expect_equal(sum, 4950, "sum of a map");
  pool.shutdown();
  fault::expect(fault::thrown_text<wp::pool_stopped>([&] { pool.post([] {}); }) != "", "a refusal is caught by name");
  fault::expect_equal(settled->load(), 103, "number of events");
  return fault::failures;
}
