#include <workpool/queue/places.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

using workpool::detail::places;

namespace {

constexpr auto never = [] { return false; };

}  // namespace

TEST_CASE("as many places can be taken as there are, and again as many as were given back") {
  places few(2);
  CHECK(few.bounded());
  CHECK(few.capacity() == 2);
  CHECK(few.try_acquire());
  CHECK(few.try_acquire());
  CHECK_FALSE(few.try_acquire());
  CHECK(few.taken() == 2);
  few.release();
  CHECK(few.try_acquire());
  CHECK_FALSE(few.try_acquire());
}

TEST_CASE("without a capacity there is always a place and none is counted") {
  places unlimited(0);
  CHECK_FALSE(unlimited.bounded());
  for (int i = 0; i < 1000; ++i) REQUIRE(unlimited.try_acquire());
  CHECK(unlimited.taken() == 0);
  unlimited.release();
  CHECK(unlimited.taken() == 0);
  CHECK(unlimited.acquire_until(workpool::time_point::min(), never));
}

TEST_CASE("who waits for a place gets one that is free, even when its time is up") {
  places one(1);
  CHECK(one.acquire_until(workpool::time_point::min(), never));
  CHECK(one.taken() == 1);
}

TEST_CASE("who waits for a place gives up at the deadline, and not before") {
  places one(1);
  REQUIRE(one.try_acquire());
  const auto deadline = workpool::steady::now() + std::chrono::milliseconds(3);
  CHECK_FALSE(one.acquire_until(deadline, never));
  CHECK(workpool::steady::now() >= deadline);
  CHECK(one.taken() == 1);
}

TEST_CASE("who gives up takes no place, free or not") {
  places one(1);
  CHECK_FALSE(one.acquire_until(workpool::time_point::max(), [] { return true; }));
  CHECK(one.taken() == 0);
}

TEST_CASE("wake_all makes every waiter ask again whether to give up") {
  places one(1);
  REQUIRE(one.try_acquire());
  std::atomic<bool> over{false};
  std::atomic<int> acquired{0};
  {
    std::latch begun(3);
    std::vector<std::jthread> waiters;
    for (int i = 0; i < 3; ++i) {
      waiters.emplace_back([&] {
        begun.count_down();
        if (one.acquire_until(workpool::time_point::max(), [&] { return over.load(); })) ++acquired;
      });
    }
    begun.wait();
    over = true;
    one.wake_all();
  }
  CHECK(acquired == 0);
  CHECK(one.taken() == 1);
}

TEST_CASE("no waiter sleeps on while a place is free, and never are more taken than there are") {
  constexpr std::size_t capacity = 2, threads = 5, rounds = 3000;
  places few(capacity);
  std::atomic<std::size_t> inside{0}, most{0};
  {
    std::vector<std::jthread> users;
    for (std::size_t t = 0; t < threads; ++t) {
      users.emplace_back([&] {
        for (std::size_t i = 0; i < rounds; ++i) {
          few.acquire_until(workpool::time_point::max(), never);
          const std::size_t now = ++inside;
          for (std::size_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          if (i % 64 == 0) std::this_thread::yield();
          --inside;
          few.release();
        }
      });
    }
  }
  CHECK(most <= capacity);
  CHECK(few.taken() == 0);
}
