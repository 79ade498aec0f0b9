#include <workpool/detail/spin_lock.hpp>

#include "support/catch.hpp"

#include <latch>
#include <mutex>
#include <thread>
#include <vector>

using workpool::detail::spin_lock;

TEST_CASE("a spin lock that is held refuses try_lock, and grants it once unlocked") {
  spin_lock lock;
  REQUIRE(lock.try_lock());
  CHECK_FALSE(lock.try_lock());
  lock.unlock();
  CHECK(lock.try_lock());
  lock.unlock();
}

TEST_CASE("a spin lock serves the guards of the standard library") {
  spin_lock lock;
  {
    const std::lock_guard hold(lock);
    const std::unique_lock second(lock, std::try_to_lock);
    CHECK_FALSE(second.owns_lock());
  }
  std::unique_lock hold(lock, std::defer_lock);
  hold.lock();
  CHECK_FALSE(lock.try_lock());
}

TEST_CASE("sections under one spin lock neither overlap nor miss each other's writes") {
  constexpr int threads = 4, rounds = 20'000;
  spin_lock lock;
  long count = 0;  // not atomic: the lock is all that orders it
  {
    std::latch start(threads);
    std::vector<std::jthread> adding;
    for (int t = 0; t < threads; ++t) {
      adding.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < rounds; ++i) {
          const std::lock_guard hold(lock);
          ++count;
        }
      });
    }
  }
  CHECK(count == long{threads} * rounds);
}
