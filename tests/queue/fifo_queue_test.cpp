#include <workpool/queue/fifo_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <array>
#include <optional>
#include <vector>

// What it promises as a task_queue is checked in task_queue_test.cpp.

using workpool::fifo_queue;
using workpool::priority;

TEST_CASE("a fifo_queue gives elements back exactly as pushed, whatever their priority") {
  fifo_queue<int> queue({.aging = 2});
  constexpr std::array lanes{priority::low, priority::critical, priority::normal, priority::high};
  for (int i = 0; i < 100; ++i) queue.try_push(int(i), lanes[std::size_t(i) % 4]);
  CHECK(queue.sizes() == std::array<std::size_t, 4>{25, 25, 25, 25});
  for (int i = 0; i < 100; ++i) REQUIRE(queue.try_pop() == i);
}

TEST_CASE("a fifo_queue needs neither options nor a priority") {
  fifo_queue<int> queue;
  queue.try_push(1);
  CHECK(queue.sizes() == std::array<std::size_t, 4>{0, 0, 1, 0});
}

TEST_CASE("a cancelled task stays in the line of a fifo_queue until it is passed over") {
  workpool_test::fake_pool<fifo_queue<workpool::task_ref>> pool({.capacity = 4});
  pool.put().cancel();
  pool.put().cancel();
  const auto alive = pool.put();
  CHECK(pool.queue.physical_length() == 3);
  CHECK(pool.queue.size() == 1);
  const auto popped = pool.queue.try_pop();
  REQUIRE(popped);
  CHECK(popped->get()->id() == alive.id());
  CHECK(pool.queue.physical_length() == 0);
}
