#include <workpool/queue/priority_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <algorithm>
#include <cstddef>
#include <latch>
#include <thread>
#include <utility>
#include <vector>

// A sweep takes a lane out and puts the living back: nobody may see the lane without them, or in another order.

using workpool::priority;
using workpool::task_id;
using workpool::task_ref;
using workpool_test::fake_pool;
using workpool_test::task_watch;
using queue_type = workpool::priority_queue<task_ref>;

TEST_CASE("after close everything accepted can be popped, also while a push sweeps") {
  for (int round = 0; round < 200; ++round) {
    fake_pool<queue_type> pool({});
    for (int i = 0; i < 1900; ++i) pool.put(priority::low);
    std::vector<task_watch> dead;
    for (int i = 0; i < 3000; ++i) dead.push_back(pool.put(priority::critical));
    for (task_watch& one : dead) one.cancel();
    const std::size_t all = pool.queue.physical_length();
    std::latch begin(2);
    std::jthread sweeper([&] {
      task_ref one = pool.make(priority::normal);
      begin.arrive_and_wait();
      pool.push(one);
    });
    begin.arrive_and_wait();
    while (pool.queue.physical_length() > all - 100) std::this_thread::yield();
    pool.queue.close();
    while (pool.queue.try_pop()) {
    }
    sweeper.join();
    REQUIRE_FALSE(pool.queue.try_pop());
  }
}

TEST_CASE("without a capacity, too, one consumer sees the order of a producer across sweeps") {
  for (int round = 0; round < 20; ++round) {
    fake_pool<queue_type> pool({});
    std::vector<task_watch> watched;
    std::size_t alive = 0;
    for (int i = 0; i < 9000; ++i) watched.push_back(pool.put());
    for (std::size_t i = 0; i < watched.size(); ++i) {
      if (i % 9 > 3) {
        watched[i].cancel();
      } else {
        ++alive;
      }
    }
    std::latch begin(2);
    std::vector<task_id> popped;
    {
      std::jthread sweeper([&] {
        begin.arrive_and_wait();
        pool.put(priority::high);
      });
      begin.arrive_and_wait();
      while (popped.size() < alive) {
        const auto one = pool.queue.try_pop();
        if (one && one->get()->lane() == priority::normal) popped.push_back(one->get()->id());
      }
    }
    REQUIRE(std::is_sorted(popped.begin(), popped.end()));
  }
}

TEST_CASE("a purge takes everything that waits, also while a push sweeps") {
  for (int round = 0; round < 200; ++round) {
    fake_pool<queue_type> pool({.capacity = 2000});
    std::vector<task_watch> alive;
    for (int i = 0; i < 1900; ++i) alive.push_back(pool.put(priority::low));
    for (int i = 0; i < 2001; ++i) pool.put(priority::critical).cancel();
    std::latch begin(2);
    {
      std::jthread sweeper([&] {
        begin.arrive_and_wait();
        pool.put(priority::high);
      });
      begin.arrive_and_wait();
      for (int i = 0; i < round % 40 * 10; ++i) workpool::detail::pause();
      pool.queue.purge(priority::low, [](task_ref&& one) {
        const task_ref mine = std::move(one);
        mine.get()->withdraw(workpool::outcome::cancelled);
      });
    }
    REQUIRE(std::none_of(alive.begin(), alive.end(), [](const task_watch& one) { return one.waiting(); }));
  }
}
