#include <workpool/pool/basic_thread_pool.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"
#include "support/object_census.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <thread>
#include <vector>
#include <workpool/pool.hpp>

// What a worker's own tasks submit, and what becomes of it when the worker does not get to it.

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

TEST_CASE("what a task submits its worker runs newest first, before what came from outside", "[own]") {
  wp::thread_pool pool{{.workers = 1}};
  std::vector<int> order;
  gate held;
  pool.post([&] {
    held.wait();
    for (int n = 0; n < 4; ++n) pool.post([&order, n] { order.push_back(n); });
  });
  held.await_arrivals(1);
  pool.post([&] { order.push_back(100); });
  held.open();
  pool.wait_idle();
  CHECK(order == std::vector{3, 2, 1, 0, 100});
}

TEST_CASE("with fifo, or a capacity, what a task submits waits in line", "[own]") {
  const wp::queue_options options = GENERATE(wp::queue_options{.fifo = true}, wp::queue_options{.capacity = 100});
  wp::thread_pool pool{{.workers = 1, .queue = options}};
  std::vector<int> order;
  pool.submit([&] {
        for (int n = 0; n < 4; ++n) pool.post([&order, n] { order.push_back(n); });
      })
      .get();
  pool.wait_idle();
  CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("what has another priority than normal goes to its lane", "[own]") {
  wp::thread_pool pool{{.workers = 1}};
  std::vector<int> order;
  pool.submit([&] {
        pool.post({.priority = wp::priority::low}, [&] { order.push_back(3); });
        pool.post([&] { order.push_back(2); });
        pool.post({.priority = wp::priority::high}, [&] { order.push_back(1); });
        pool.post({.priority = wp::priority::critical}, [&] { order.push_back(0); });
      })
      .get();
  pool.wait_idle();
  CHECK(order == std::vector{0, 1, 2, 3});
}

TEST_CASE("a task that waits by means of its own for what it has submitted gets it, though nobody else had work",
          "[own]") {
  wp::thread_pool pool{{.workers = 2}};
  for (int round = 0; round < 50; ++round) {
    pool.submit([&pool] {
          const auto child_ran = std::make_shared<std::latch>(1);  // a latch may go only when count_down has returned
          pool.post([child_ran] { child_ran->count_down(); });
          child_ran->wait();  // the pool knows nothing of it
        })
        .get();
  }
  SUCCEED();
}

TEST_CASE("a pool of a range grows for what its only worker has in hand and waits for by means of its own", "[own]") {
  for (int round = 0; round < 20; ++round) {
    wp::thread_pool pool{{.workers = {1, 4}}};
    pool.submit([&] {
          const auto child_ran = std::make_shared<std::latch>(1);
          pool.post([child_ran] { child_ran->count_down(); });
          child_ran->wait();
        })
        .get();
    CHECK(pool.stats().workers <= 2);
  }
}

TEST_CASE("a worker that wakes for nothing goes on guarding", "[own]") {
  wp::thread_pool pool{{.workers = 3}};
  std::atomic<int> done{0};
  for (int n = 0; n < 2; ++n) {
    pool.post([&] {
      for (int round = 0; round < 20; ++round) {
        const auto child_ran = std::make_shared<std::latch>(1);
        pool.post([child_ran] { child_ran->count_down(); });
        child_ran->wait();
      }
      ++done;
    });
  }
  pool.wait_idle();
  CHECK(done == 2);
}

TEST_CASE("a task that waits by means of its own for what it has submitted gets it, though the pool is at its end",
          "[own]") {
  const std::size_t workers = GENERATE(std::size_t{2}, std::size_t{3});
  for (int round = 0; round < 50; ++round) {
    gate held;
    wp::thread_pool pool{{.workers = workers}};
    pool.post([&] {
      const auto child_ran = std::make_shared<std::latch>(1);
      pool.post([child_ran] { child_ran->count_down(); });
      held.wait();
      child_ran->wait();
    });
    held.await_arrivals(1);
    held.open();
  }
  SUCCEED();
}

TEST_CASE("who had nothing to do leaves with the last one that works, and not before a shutdown gives that one up",
          "[own]") {
  gate held;
  wp::thread_pool pool{{.workers = 3}};
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  CHECK_FALSE(pool.shutdown({.drain = 1ms, .force = false}).forced);
  CHECK(pool.stats().workers == 3);
  CHECK(pool.shutdown({.drain = 1ms, .force = true}).forced);
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
  held.open();
  CHECK(eventually([&] { return pool.stats().workers == 0; }));
}

TEST_CASE("several tasks in one hand are shared out at once", "[own]") {
  wp::thread_pool pool{{.workers = 3}};
  for (int round = 0; round < 50; ++round) {
    pool.submit([&pool] {
          const auto together = std::make_shared<std::latch>(3);
          for (int n = 0; n < 2; ++n) pool.post([together] { together->arrive_and_wait(); });
          together->arrive_and_wait();  // returns only when three workers run at the same time
        })
        .get();
    pool.wait_idle();
  }
  SUCCEED();
}

TEST_CASE("a chain that goes on for ever does not keep others waiting", "[own]") {
  wp::thread_pool pool{{.workers = 1}};
  std::atomic<bool> over{false};
  std::function<void()> next = [&] {
    if (!over) pool.post(std::ref(next));
  };
  pool.post(std::ref(next));
  for (int n = 0; n < 20; ++n) {
    CHECK(pool.submit([n] { return n; }).get() == n);
    CHECK(pool.submit({.priority = wp::priority::low}, [n] { return n; }).get() == n);
  }
  over = true;
  pool.wait_idle();
}

TEST_CASE("a chain that goes on for ever does not keep what its own worker holds beneath it waiting", "[own]") {
  const std::size_t workers = GENERATE(std::size_t{1}, std::size_t{2});
  wp::thread_pool pool{{.workers = workers}};
  for (int round = 0; round < 20; ++round) {
    std::atomic<bool> over{false};
    std::function<void()> next = [&] {
      if (!over) pool.post(std::ref(next));
    };
    pool.post([&] {
      pool.post([&] { over = true; });
      next();
    });
    pool.wait_idle();
  }
}

TEST_CASE("what a worker holds is cancelled, purged and discarded like the rest", "[own]") {
  workpool_test::object_census census;
  {
    wp::thread_pool pool{{.workers = 1}};
    gate held;
    std::vector<wp::future<int>> children;
    pool.post([&] {
      for (int n = 0; n < 4; ++n) {
        children.push_back(pool.submit([n, counted = census.make()] { return n; }));
      }
      held.wait();
    });
    held.await_arrivals(1);
    wp::pool_stats now = pool.stats();
    CHECK(now.queued == 4);
    CHECK(now.accepted == 5);
    CHECK(census.alive() == 4);
    CHECK(children[0].cancel() == wp::cancel_result::dequeued);
    CHECK(census.alive() == 3);
    CHECK(pool.purge(wp::priority::low) == 0);
    CHECK(pool.purge(wp::priority::normal) == 3);
    CHECK(census.alive() == 0);
    for (wp::future<int>& one : children) CHECK(one.outcome() == wp::outcome::cancelled);
    held.open();
    pool.wait_idle();
    now = pool.stats();
    CHECK(now.cancelled == 4);
    CHECK(now.completed == 1);
    CHECK(now.queued == 0);
  }
  wp::thread_pool pool{{.workers = 1}};
  gate held;
  wp::future<void> child;
  pool.post([&] {
    child = pool.submit([] {});
    held.wait();
  });
  held.await_arrivals(1);
  std::thread closer([&] { pool.shutdown({.pending = wp::pending::discard}); });
  CHECK(eventually([&] { return child.outcome() == wp::outcome::discarded; }));
  held.open();
  closer.join();
}

TEST_CASE("nothing from a hand starts while the pool is paused", "[own]") {
  wp::thread_pool pool{{.workers = 2}};
  gate held;
  std::atomic<int> ran{0};
  pool.post([&] {
    for (int n = 0; n < 3; ++n) pool.post([&] { ++ran; });
    held.wait();
    pool.post([&] { ++ran; });
  });
  held.await_arrivals(1);
  pool.pause();
  CHECK(eventually([&] { return pool.stats().running == 1; }));  // what had started before is over
  const int before = ran;
  held.open();
  CHECK(eventually([&] { return pool.stats().running == 0; }));
  for (int look = 0; look < 100; ++look) std::this_thread::yield();
  CHECK(ran == before);
  pool.resume();
  pool.wait_idle();
  CHECK(ran == 4);
}

TEST_CASE("a hand is emptied by others when its worker has become one too many", "[own]") {
  wp::thread_pool pool{{.workers = 2}};
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran{0};
    std::latch both(2);
    for (int n = 0; n < 2; ++n) {
      pool.post([&] {
        both.arrive_and_wait();
        for (int child = 0; child < 5; ++child) pool.post([&] { ++ran; });
        pool.resize(1);
      });
    }
    pool.wait_idle();
    CHECK(ran == 10);
    pool.resize(2);
  }
}

TEST_CASE("what a waiting worker has in hand goes to whoever stands in for it", "[own]") {
  wp::thread_pool other{{.workers = 1}};
  wp::thread_pool pool{{.workers = 1, .max_overrun = 1}};
  for (int round = 0; round < 20; ++round) {
    const int sum = pool.submit([&] {
                          const auto sibling_ran = std::make_shared<std::latch>(1);
                          pool.post([sibling_ran] { sibling_ran->count_down(); });
                          auto child = pool.submit([] { return 2; });
                          auto elsewhere = other.submit([sibling_ran] {
                            sibling_ran->wait();
                            return 4;
                          });
                          return child.get() + elsewhere.get();
                        })
                        .get();
    REQUIRE(sum == 6);
  }
}

TEST_CASE("more than a hand holds goes to the queue", "[own]") {
  wp::thread_pool pool{{.workers = 1}};
  std::atomic<int> ran{0};
  pool.submit([&] {
        for (int n = 0; n < 2000; ++n) pool.post([&] { ++ran; });
      })
      .get();
  pool.wait_idle();
  CHECK(ran == 2000);
  CHECK(pool.stats().accepted == 2001);
}

TEST_CASE("a task that goes on submitting after the shutdown has begun is refused", "[own]") {
  wp::thread_pool pool{{.workers = 1}};
  gate held;
  std::atomic<bool> refused{false};
  pool.post([&] {
    held.wait();
    try {
      pool.post([] {});
    } catch (const wp::pool_stopped&) {
      refused = true;
    }
  });
  held.await_arrivals(1);
  std::thread closer([&] { pool.shutdown(); });
  CHECK(eventually([&] { return pool.try_submit([] {}).error() == wp::errc::pool_stopped; }));
  held.open();
  closer.join();
  CHECK(refused);
}
