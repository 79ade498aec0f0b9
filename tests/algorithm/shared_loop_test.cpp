#include <workpool/algorithm/shared_loop.hpp>

#include <atomic>
#include <cstddef>
#include <latch>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <vector>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using wp::detail::share_loop;
using wp::detail::walk;

namespace {

std::vector<int> elements(std::size_t count) { return std::vector<int>(count, 1); }

}  // namespace

TEST_CASE("helpers that never started are withdrawn when the caller is done") {
  wp::thread_pool pool{3};
  pool.pause();
  auto range = elements(100);
  int sum = 0;
  share_loop(pool, range, {},
             [&](const auto& piece, const auto& over) { walk(piece, over, [&](int n) { sum += n; }); });
  CHECK(sum == 100);
  const wp::pool_stats now = pool.stats();
  CHECK(now.queued == 0);
  CHECK(now.cancelled == 3);
}

TEST_CASE("one helper is asked for even where the caller can do it all, since only so a stopped pool says so") {
  wp::thread_pool pool{3};
  pool.pause();
  auto range = elements(1);
  share_loop(pool, range, {}, [](const auto&, const auto&) {});
  CHECK(pool.stats().submitted == 1);
}

TEST_CASE("a helper that runs when the work is out is waited for and not asked to stop") {
  wp::thread_pool pool{1};
  gate helping;
  bool asked = true;
  std::atomic<bool> returned{false};
  const std::thread::id caller = std::this_thread::get_id();
  auto range = elements(2);
  std::thread opener([&] {
    helping.await_arrivals(1);
    for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
    helping.open();
  });
  share_loop(pool, range, {.chunk = 1}, [&](const auto&, const auto&) {
    if (std::this_thread::get_id() == caller) {
      helping.await_arrivals(1);
    } else {
      helping.wait();
      asked = wp::this_worker::stop_token().stop_requested();
      returned = true;
    }
  });
  CHECK(returned);
  CHECK_FALSE(asked);
  CHECK(pool.stats().completed == 1);
  opener.join();
}

TEST_CASE("a helper that runs when something fails is asked to stop and waited for") {
  wp::thread_pool pool{1};
  std::latch helping{1};
  std::atomic<bool> returned{false};
  const std::thread::id caller = std::this_thread::get_id();
  auto range = elements(2);
  const auto work = [&](const auto&, const std::atomic<bool>& over) {
    if (std::this_thread::get_id() == caller) {
      helping.wait();
      throw std::runtime_error("caller");
    }
    const std::stop_token stop = wp::this_worker::stop_token();
    helping.count_down();
    while (!stop.stop_requested() || !over) std::this_thread::yield();
    returned = true;
  };
  CHECK_THROWS_WITH(share_loop(pool, range, {.chunk = 1}, work), "caller");
  CHECK(returned);
  CHECK(pool.stats().running == 0);
}

TEST_CASE("of two errors the first one is rethrown, whoever had it") {
  for (const bool caller_first : {true, false}) {
    wp::thread_pool pool{1};
    std::latch both{2};
    const std::thread::id caller = std::this_thread::get_id();
    auto range = elements(2);
    const auto work = [&](const auto&, const std::atomic<bool>& over) {
      both.arrive_and_wait();
      const bool mine = std::this_thread::get_id() == caller;
      if (mine == caller_first) throw std::runtime_error("first");
      while (!over) std::this_thread::yield();
      throw std::runtime_error("second");
    };
    CHECK_THROWS_WITH(share_loop(pool, range, {.chunk = 1}, work), "first");
  }
}

TEST_CASE("a helper's error reaches the caller alone, not the books of the pool") {
  wp::thread_pool pool{1};
  std::latch helping{1};
  const std::thread::id caller = std::this_thread::get_id();
  auto range = elements(2);
  const auto work = [&](const auto&, const auto&) {
    if (std::this_thread::get_id() == caller) return helping.wait();
    helping.count_down();
    throw std::runtime_error("helper");
  };
  CHECK_THROWS_WITH(share_loop(pool, range, {.chunk = 1}, work), "helper");
  CHECK(pool.stats().failed == 0);
  CHECK(pool.stats().completed == 1);
}
