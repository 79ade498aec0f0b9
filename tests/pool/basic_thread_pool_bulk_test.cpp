#include <workpool/pool/basic_thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>
#include <workpool/queue/fifo_queue.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {
using pool_of_lanes = wp::basic_thread_pool<>;
using pool_of_one_line = wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>;
#define EVERY_POOL pool_of_lanes, pool_of_one_line
}  // namespace

TEMPLATE_TEST_CASE("a bulk calls with every index once and counts as many tasks", "[bulk]", EVERY_POOL) {
  TestType pool{3};
  for (const std::size_t n : {0U, 1U, 7U, 10'000U}) {
    const wp::pool_stats before = pool.stats();
    std::vector<std::atomic<int>> calls(n);
    pool.submit_bulk(n, [&](std::size_t i) { ++calls[i]; }).get();
    for (const auto& one : calls) REQUIRE(one == 1);
    pool.wait_idle();
    CHECK(pool.stats().accepted - before.accepted == n);
    CHECK(pool.stats().completed - before.completed == n);
  }
}

TEMPLATE_TEST_CASE("the first error of a bulk cancels the rest and is what get throws", "[bulk]", EVERY_POOL) {
  TestType pool{2};
  std::atomic<int> ran{0}, inside{0};
  const auto limit = wp::steady::now() + 20s;
  auto all = pool.submit_bulk(10'000, [&](std::stop_token stop, std::size_t i) {
    ++inside;
    ++ran;
    if (i == 5) {
      --inside;
      throw std::runtime_error("five");
    }
    // Nobody comes to the end while the one that throws is off its core.
    while (i >= 9'000 && !stop.stop_requested() && wp::steady::now() < limit) std::this_thread::yield();
    --inside;
  });
  CHECK_THROWS_WITH(all.get(), "five");
  CHECK(inside == 0);
  CHECK(ran < 10'000);
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.failed == 1);
  CHECK(now.completed + now.cancelled == 9'999);
}

TEMPLATE_TEST_CASE("a bulk is settled only when every body has returned, also after a timeout", "[bulk]", EVERY_POOL) {
  gate held;
  TestType pool{2};
  auto all = pool.submit_bulk({.timeout = 5ms}, 2, [&](std::size_t i) {
    if (i == 0) held.wait();
  });
  held.await_arrivals(1);
  REQUIRE(eventually([&] { return pool.stats().timed_out != 0; }));
  CHECK(all.wait_for(5ms) == std::future_status::timeout);
  held.open();
  CHECK_THROWS_AS(all.get(), wp::task_timeout);
}

TEMPLATE_TEST_CASE("cancelling a bulk takes what has not started, and its callable is destroyed", "[bulk]",
                   EVERY_POOL) {
  TestType pool{1};
  pool.pause();
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  auto all = pool.submit_bulk(100, [captured = std::move(captured)](std::size_t) {});
  CHECK(pool.stats().queued == 100);
  CHECK(all.cancel() == wp::cancel_result::dequeued);
  CHECK(all.cancel() == wp::cancel_result::too_late);
  CHECK(alive.expired());
  CHECK(all.outcome() == wp::outcome::cancelled);
  CHECK_THROWS_AS(all.get(), wp::task_cancelled);
  CHECK(pool.stats().cancelled == 100);
  pool.resume();
}

TEST_CASE("a running bulk is asked to stop", "[bulk]") {
  pool_of_lanes pool{1};
  gate held;
  std::atomic<int> stopped{0};
  auto all = pool.submit_bulk(10, [&](std::stop_token stop, std::size_t) {
    held.wait();
    if (stop.stop_requested()) ++stopped;
  });
  held.await_arrivals(1);
  CHECK(all.cancel() == wp::cancel_result::stop_requested);
  held.open();
  CHECK_THROWS_AS(all.get(), wp::task_cancelled);
  CHECK(stopped == 1);
}

TEST_CASE("a worker that waits for a bulk runs its parts", "[bulk]") {
  pool_of_lanes pool{{.workers = 1, .max_overrun = 0}};
  auto outer = pool.submit([&] {
    std::atomic<int> sum{0};
    pool.submit_bulk(100, [&](std::size_t i) { sum += static_cast<int>(i); }).get();
    return sum.load();
  });
  CHECK(outer.get() == 4950);
}

TEST_CASE("who helps with a bulk runs what nobody has started", "[bulk]") {
  pool_of_lanes pool{1};
  pool.pause();
  std::set<std::thread::id> threads;
  pool.submit_bulk(5, [&](std::size_t) { threads.insert(std::this_thread::get_id()); }).get(wp::help);
  CHECK(threads == std::set{std::this_thread::get_id()});
  pool.resume();
}

TEST_CASE("a purged bulk is cancelled, a discarded one discarded", "[bulk]") {
  pool_of_lanes pool{1};
  pool.pause();
  auto purged = pool.submit_bulk({.priority = wp::priority::low}, 3, [](std::size_t) {});
  CHECK(pool.purge(wp::priority::low) == 3);
  CHECK_THROWS_AS(purged.get(), wp::task_cancelled);
  auto discarded = pool.submit_bulk(3, [](std::size_t) {});
  CHECK(pool.shutdown({.pending = wp::pending::discard}).discarded == 3);
  CHECK_THROWS_AS(discarded.get(), wp::task_discarded);
}

TEST_CASE("a callable that cannot be copied into a bulk is the submitter's trouble", "[bulk]") {
  struct throwing {
    throwing() = default;
    throwing(const throwing&) { throw std::runtime_error("copy"); }
    void operator()(std::size_t) const {}
  };
  pool_of_lanes pool{1};
  const throwing callable;
  CHECK_THROWS_WITH(pool.submit_bulk(3, callable), "copy");
  CHECK(pool.stats().submitted == 0);
}

TEST_CASE("an over-aligned callable keeps its alignment", "[bulk]") {
  struct alignas(128) wide {
    void operator()(std::size_t) const {
      if (reinterpret_cast<std::uintptr_t>(this) % 128 != 0) throw std::runtime_error("misaligned");
    }
  };
  pool_of_lanes pool{1};
  CHECK_NOTHROW(pool.submit_bulk(3, wide{}).get());
}

TEMPLATE_TEST_CASE("help with a bulk leaves alone the parts that never got into the queue", "[bulk]", EVERY_POOL) {
  TestType pool{{.workers = 1, .queue = {.capacity = 2, .block_for = 1ms}}};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  std::atomic<int> ran{0};
  auto all = pool.submit_bulk(6, [&](std::size_t) { ++ran; });
  CHECK_THROWS_AS(all.get(wp::help), wp::enqueue_timeout);
  CHECK(ran <= 2);
  held.open();
  pool.wait_idle();
  CHECK(pool.stats().rejected == 4);
}
