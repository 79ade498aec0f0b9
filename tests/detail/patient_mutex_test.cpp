#include <workpool/detail/patient_mutex.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <ctime>

using workpool::detail::patient_mutex;
using namespace std::chrono_literals;

TEST_CASE("one thread at a time is inside", "[lock]") {
  patient_mutex mutex;
  long count = 0;
  {
    std::vector<std::jthread> all;
    for (int t = 0; t < 4; ++t) {
      all.emplace_back([&] {
        for (int n = 0; n < 20'000; ++n) {
          const std::lock_guard hold(mutex);
          ++count;
        }
      });
    }
  }
  CHECK(count == 80'000);
}

TEST_CASE("what is taken cannot be taken, and what is free can", "[lock]") {
  patient_mutex mutex;
  REQUIRE(mutex.try_lock());
  std::jthread([&] {
    if (mutex.try_lock()) std::terminate();
  }).join();
  mutex.unlock();
  const std::unique_lock hold(mutex, std::try_to_lock);
  CHECK(hold.owns_lock());
}

TEST_CASE("who waits for long sleeps", "[lock]") {
  patient_mutex mutex;
  std::atomic<bool> at_work{false};
  std::timespec used{};
  std::unique_lock hold(mutex);
  std::jthread waiting([&] {
    at_work = true;
    const std::lock_guard mine(mutex);
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  });
  REQUIRE(workpool_test::eventually([&] { return at_work.load(); }));
  const auto until = std::chrono::steady_clock::now() + 100ms;  // the time that is not to be spent looking
  while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
  hold.unlock();
  waiting.join();
  CHECK(used.tv_sec == 0);
  CHECK(used.tv_nsec < 50'000'000);
}
