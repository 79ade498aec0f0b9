#include <workpool/queue/priority_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <thread>
#include <vector>

// What it promises as a task_queue is checked in task_queue_test.cpp.

using workpool::priority;
using workpool::priority_queue;
using pool_queue = workpool::detail::basic_priority_queue<int, workpool::detail::no_arrivals>;

namespace {

constexpr std::array all_lanes{priority::critical, priority::high, priority::normal, priority::low};

// `each` elements in every lane; the value says the lane.
template <class Queue>
void fill(Queue& queue, int each) {
  for (int i = 0; i < each; ++i) {
    for (const priority lane : all_lanes) queue.try_push(int(lane_index(lane)), lane);
  }
}

template <class Queue>
std::vector<int> pop_all(Queue& queue) {
  std::vector<int> all;
  while (const auto one = queue.try_pop()) all.push_back(*one);
  return all;
}

// What n pops give when every aging-th begins at the lowest lane.
std::vector<int> expected_pops(int each, unsigned aging) {
  std::array<int, 4> left{each, each, each, each};
  std::vector<int> pops;
  for (unsigned pop = 1; pop <= 4 * unsigned(each); ++pop) {
    const bool lowest = aging != 0 && pop % aging == 0;
    int lane = lowest ? 3 : 0;
    while (left[std::size_t(lane)] == 0) lane += lowest ? -1 : 1;
    --left[std::size_t(lane)];
    pops.push_back(lane);
  }
  return pops;
}

}  // namespace

TEST_CASE("exactly every aging-th pop takes from the lowest lane, the others from the most urgent") {
  const unsigned aging = GENERATE(1U, 2U, 3U, 7U, 61U);
  priority_queue<int> queue({.aging = aging});
  fill(queue, 100);
  CHECK(pop_all(queue) == expected_pops(100, aging));
}

TEST_CASE("without aging the order of the lanes is strict") {
  priority_queue<int> queue({.aging = 0});
  fill(queue, 100);
  CHECK(pop_all(queue) == expected_pops(100, 0));
}

TEST_CASE("with fifo the order of a lane is exact over all producers") {
  const std::size_t capacity = GENERATE(0U, 1000U);
  priority_queue<int> queue({.capacity = capacity, .aging = 0, .fifo = true});
  // Three producers, one after the other in a ring: what each pushes happens after what the one before has pushed.
  constexpr int producers = 3, each = 300;
  std::atomic<int> turn{0};
  {
    std::vector<std::jthread> threads;
    for (int p = 0; p < producers; ++p) {
      threads.emplace_back([&, p] {
        for (int i = 0; i < each; ++i) {
          while (turn % producers != p) std::this_thread::yield();
          queue.try_push(turn.load(), priority::normal);
          ++turn;
        }
      });
    }
  }
  for (int i = 0; i < producers * each; ++i) REQUIRE(queue.try_pop() == i);
}

TEST_CASE("a consumer can see that there may be something before it sleeps") {
  const std::size_t capacity = GENERATE(0U, 4U);
  pool_queue queue({.capacity = capacity});
  CHECK_FALSE(queue.has_elements());
  for (const priority lane : all_lanes) {
    queue.try_push(1, lane);
    CHECK(queue.has_elements());
    CHECK(queue.try_pop());
    CHECK_FALSE(queue.has_elements());
  }
}

TEST_CASE("a cancelled task lies in its lane until it is passed over") {
  workpool_test::fake_pool<priority_queue<workpool::task_ref>> pool({.capacity = 4});
  pool.put().cancel();
  pool.put(priority::low).cancel();
  CHECK(pool.queue.physical_length() == 2);
  CHECK(pool.queue.has_elements());
  CHECK(pool.queue.size() == 0);
  CHECK_FALSE(pool.queue.try_pop());
  CHECK(pool.queue.physical_length() == 0);
  CHECK_FALSE(pool.queue.has_elements());
}

TEST_CASE("a normal priority is what an element has that was given none") {
  priority_queue<int> queue;
  queue.try_push(1);
  CHECK(queue.sizes() == std::array<std::size_t, 4>{0, 0, 1, 0});
}
