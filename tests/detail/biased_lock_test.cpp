#include <workpool/detail/biased_lock.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>

using workpool::detail::biased_lock;

TEST_CASE("the owner of a biased lock and the others may enter it as often as they like, one after another") {
  biased_lock lock;
  int entered = 0;
  for (int round = 0; round < 3; ++round) {
    {
      const biased_lock::owner mine(lock);
      ++entered;
    }
    const biased_lock::other theirs(lock);
    ++entered;
  }
  CHECK(entered == 6);
}

TEST_CASE("sections under one biased lock neither overlap nor miss each other's writes") {
  constexpr int others = 2, rounds_of_owner = 3'000'000, rounds_of_others = 20'000;
  biased_lock lock;
  long count = 0, reverse = 0;  // not atomic: the lock is all that orders them
  std::atomic<int> torn{0};
  const auto section = [&] {
    if (count != -reverse) ++torn;
    ++count;
    --reverse;
  };
  {
    std::latch start(others + 1);
    std::vector<std::jthread> claiming;
    for (int t = 0; t < others; ++t) {
      claiming.emplace_back([&] {
        start.arrive_and_wait();
        for (int i = 0; i < rounds_of_others; ++i) {
          const biased_lock::other hold(lock);
          section();
        }
      });
    }
    start.arrive_and_wait();
    for (int i = 0; i < rounds_of_owner; ++i) {
      const biased_lock::owner hold(lock);
      section();
    }
  }
  CHECK(torn == 0);
  CHECK(count == long{rounds_of_owner} + others * rounds_of_others);
}

TEST_CASE("the ownership of a biased lock may pass to another thread") {
  biased_lock lock;
  long count = 0;
  std::atomic<bool> over{false};
  std::jthread claiming([&] {
    while (!over) {
      const biased_lock::other hold(lock);
      ++count;
    }
  });
  long owned = 0;
  for (int round = 0; round < 50; ++round) {
    std::thread([&] {
      for (int i = 0; i < 1000; ++i) {
        const biased_lock::owner hold(lock);
        ++count;
        ++owned;
      }
    }).join();
  }
  over = true;
  claiming.join();
  CHECK(owned == 50'000);
  CHECK(count >= owned);
}
