#include <workpool/detail/eventcount.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>
#include <workpool/detail/pause.hpp>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using workpool::detail::eventcount;

namespace {

/// Lets two threads meet at every step of each other.
void drift(int pauses) {
  for (int i = 0; i < pauses; ++i) workpool::detail::pause();
}

bool take_one(std::atomic<int>& tokens) {
  int seen = tokens.load();
  while (seen > 0 && !tokens.compare_exchange_weak(seen, seen - 1)) {
  }
  return seen > 0;
}

}  // namespace

TEST_CASE("a condition that holds is looked at once and not waited for") {
  eventcount event;
  int looks = 0;
  CHECK(event.await([&] { return ++looks == 1; }, steady_clock::time_point::min()));
  CHECK(looks == 1);
}

TEST_CASE("an await ends at its deadline and not before") {
  eventcount event;
  const auto deadline = steady_clock::now() + 5ms;
  CHECK_FALSE(event.await([] { return false; }, deadline));
  CHECK(steady_clock::now() >= deadline);
}

TEST_CASE("an await whose deadline has passed still looks, and does not sleep") {
  eventcount event;
  int looks = 0;
  CHECK_FALSE(event.await(
      [&] {
        ++looks;
        return false;
      },
      steady_clock::now() - 1h));
  CHECK(looks >= 1);
}

TEST_CASE("what became true while the deadline passed counts") {
  eventcount event;
  const auto deadline = steady_clock::now() + 2ms;
  CHECK(event.await([&] { return steady_clock::now() >= deadline; }, deadline));
}

TEST_CASE("a notify without waiters leaves nothing behind") {
  eventcount event;
  event.notify_one();
  event.notify_all();
  CHECK_FALSE(event.await([] { return false; }, steady_clock::now() + 1ms));
}

TEST_CASE("a waiter looks once more after it has announced itself") {
  eventcount event;
  int looks = 0;
  CHECK(event.await([&] {
    if (++looks == 1) event.notify_all();  // too early to find the waiter: only the second look can see the change
    return looks == 2;
  }));
}

TEST_CASE("a notify between a waiter's last look and its sleep is not lost") {
  eventcount event;
  int looks = 0;
  CHECK(event.await([&] {
    if (++looks == 2) event.notify_one();  // the waiter is announced and has not seen the change
    return looks == 3;
  }));
}

TEST_CASE("a change that is notified is never slept through") {
  constexpr int rounds = 20'000;
  eventcount ping, pong;
  std::atomic<int> asked{0}, answered{0};  // relaxed below: the fences of the eventcount are all there is
  {
    std::jthread answering([&] {
      for (int i = 1; i <= rounds; ++i) {
        ping.await([&] { return asked.load(std::memory_order_relaxed) >= i; });
        drift(i % 61);
        answered.store(i, std::memory_order_relaxed);
        pong.notify_one();
      }
    });
    for (int i = 1; i <= rounds; ++i) {
      drift(i % 97);
      asked.store(i, std::memory_order_relaxed);
      ping.notify_all();
      pong.await([&] { return answered.load(std::memory_order_relaxed) >= i; });
    }
  }
  CHECK(answered == rounds);
}

TEST_CASE("as many notify_one as tokens are enough for as many waiters") {
  constexpr int waiters = 4, rounds = 500;
  eventcount event;
  std::atomic<int> tokens{0}, taken{0};
  {
    std::vector<std::jthread> waiting;
    for (int t = 0; t < waiters; ++t) {
      waiting.emplace_back([&] {
        for (int i = 0; i < rounds; ++i) {
          event.await([&] { return take_one(tokens); });
          ++taken;
        }
      });
    }
    for (int i = 0; i < waiters * rounds; ++i) {
      ++tokens;
      event.notify_one();
    }
  }
  CHECK(taken == waiters * rounds);
  CHECK(tokens == 0);
}

TEST_CASE("notify_all wakes every waiter") {
  constexpr int waiters = 6;
  eventcount event;
  std::atomic<bool> open{false};
  std::atomic<int> through{0};
  {
    std::vector<std::jthread> waiting;
    for (int t = 0; t < waiters; ++t) {
      waiting.emplace_back([&] {
        event.await([&] { return open.load(); });
        ++through;
      });
    }
    open = true;
    event.notify_all();
  }
  CHECK(through == waiters);
}

TEST_CASE("waits that time out while others are notified take no token along") {
  constexpr int tokens_in_all = 2000;
  eventcount event;
  std::atomic<int> tokens{0}, taken{0};
  {
    std::vector<std::jthread> waiting;
    for (int t = 0; t < 3; ++t) {
      waiting.emplace_back([&, t] {
        while (taken < tokens_in_all) {
          if (event.await([&] { return take_one(tokens); }, steady_clock::now() + t * 20us)) ++taken;
        }
      });
    }
    for (int i = 0; i < tokens_in_all; ++i) {
      ++tokens;
      event.notify_one();
    }
  }
  CHECK(taken == tokens_in_all);
  CHECK(tokens == 0);
}
