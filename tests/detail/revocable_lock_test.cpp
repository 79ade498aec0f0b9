#include <workpool/detail/revocable_lock.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstddef>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

using workpool::detail::revocable_lock;

namespace {

/// Two numbers that only a lock keeps together.
struct guarded {
  long count = 0, reverse = 0;  // not atomic
  std::atomic<int> torn{0};
  void change() {
    if (count != -reverse) ++torn;
    ++count;
    --reverse;
  }
};

}  // namespace

TEST_CASE("a revocable lock lets its thread in again and again, then another one, then both in turn") {
  revocable_lock lock;
  int entered = 0;
  for (const std::size_t thread : {0U, 0U, 0U, 7U, 0U, 7U, 8U, 0U}) {
    const revocable_lock::section hold(lock, thread);
    ++entered;
  }
  CHECK(entered == 8);
}

TEST_CASE("sections of one thread and of a second that comes later neither overlap nor miss each other's writes") {
  for (int round = 0; round < 300; ++round) {
    revocable_lock lock;
    guarded data;
    std::atomic<int> progress{0};
    std::jthread first([&] {
      for (int i = 0; i < 2000; ++i) {
        const revocable_lock::section hold(lock, 1);
        data.change();
        progress.store(i, std::memory_order_relaxed);
      }
    });
    while (progress.load(std::memory_order_relaxed) < round * 3) std::this_thread::yield();
    for (int i = 0; i < 200; ++i) {
      const revocable_lock::section hold(lock, 2);
      data.change();
    }
    first.join();
    REQUIRE(data.torn == 0);
    REQUIRE(data.count == 2200);
  }
}

TEST_CASE("whoever keeps everybody out of a revocable lock finds nobody inside, and the bias is as before") {
  constexpr int rounds = 100'000, closures = 500;
  revocable_lock lock;
  guarded data;
  {
    std::latch start(3);
    std::jthread owner([&] {
      start.arrive_and_wait();
      for (int i = 0; i < rounds; ++i) {
        const revocable_lock::section hold(lock, 1);
        data.change();
      }
    });
    std::vector<std::jthread> closing;
    for (int n = 0; n < 2; ++n) {
      closing.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < closures; ++i) {
          const std::lock_guard hold(lock);
          data.change();
        }
      });
    }
  }
  CHECK(data.torn == 0);
  CHECK(data.count == rounds + 2 * closures);
}

TEST_CASE("who sleeps after a look at a revocable lock has seen the last section, or is seen after it") {
  constexpr int rounds = 20'000;
  revocable_lock lock;
  std::atomic<int> published{0}, asleep{0}, begun{0}, ended{0};
  int missed = 0, seen_asleep = 0;
  std::jthread producer([&] {
    for (int round = 1; round <= rounds; ++round) {
      while (begun.load(std::memory_order_acquire) != round) std::this_thread::yield();
      {
        const revocable_lock::section hold(lock, 1);
        published.store(round, std::memory_order_relaxed);
      }
      seen_asleep = asleep.load(std::memory_order_seq_cst);
      ended.store(round, std::memory_order_release);
    }
  });
  for (int round = 1; round <= rounds; ++round) {
    begun.store(round, std::memory_order_release);
    asleep.store(round, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    lock.look();
    const int seen = published.load(std::memory_order_relaxed);
    while (ended.load(std::memory_order_acquire) != round) std::this_thread::yield();
    missed += seen != round && seen_asleep != round;
  }
  CHECK(missed == 0);
}
