#include <workpool/worker/task_deque.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

using workpool::detail::task;
using workpool::detail::task_deque;

namespace {

// A deque never looks into its tasks: any addresses will do.
task* address(std::size_t number) { return reinterpret_cast<task*>(64 * (number + 1)); }
std::size_t number(const task* one) { return reinterpret_cast<std::uintptr_t>(one) / 64 - 1; }

}  // namespace

TEST_CASE("the owner takes the newest, others the oldest") {
  task_deque deque;
  CHECK(deque.pop() == nullptr);
  CHECK(deque.steal() == nullptr);
  for (std::size_t n = 0; n < 5; ++n) REQUIRE(deque.push(address(n)));
  CHECK(deque.size() == 5);
  CHECK(number(deque.pop()) == 4);
  CHECK(number(deque.steal()) == 0);
  CHECK(number(deque.pop()) == 3);
  CHECK(number(deque.steal()) == 1);
  CHECK(deque.size() == 1);
  CHECK(number(deque.pop()) == 2);
  CHECK(deque.size() == 0);
  CHECK(deque.pop() == nullptr);
  CHECK(deque.steal() == nullptr);
}

TEST_CASE("a full deque refuses, and takes again when there is room at either end") {
  task_deque deque;
  for (std::size_t n = 0; n <= task_deque::capacity; ++n) REQUIRE(deque.push(address(n)));
  CHECK_FALSE(deque.push(address(9999)));
  CHECK(number(deque.steal()) == 0);
  CHECK(deque.push(address(500)));
  CHECK_FALSE(deque.push(address(9999)));
  CHECK(number(deque.pop()) == 500);
  for (std::size_t n = 1; n <= task_deque::capacity; ++n) REQUIRE(number(deque.steal()) == n);
  CHECK(deque.size() == 0);
}

TEST_CASE("the number of pushes tells a task that lies there from one that has just come") {
  task_deque deque;
  deque.push(address(1));
  const auto seen = deque.pushes();
  CHECK(deque.pushes() == seen);
  deque.pop();
  CHECK(deque.pushes() == seen);
  deque.push(address(1));
  CHECK(deque.pushes() != seen);
}

TEST_CASE("what an owner pushes and pops while others steal, everybody gets once") {
  constexpr std::size_t tasks = 300'000;
  task_deque deque;
  std::vector<std::atomic<unsigned char>> taken(tasks);
  std::atomic<bool> over{false};
  std::vector<std::thread> thieves;
  for (int n = 0; n < 2; ++n) {
    thieves.emplace_back([&] {
      while (!over) {
        if (task* const one = deque.steal()) {
          ++taken[number(one)];
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  // Mostly one or two at a time, which is where owner and thief meet, and now and then many.
  for (std::size_t next = 0; next < tasks;) {
    const std::size_t burst = next % 1000 == 0 ? 100 : 1 + next % 2;
    for (std::size_t n = 0; n < burst && next < tasks; ++n) {
      if (!deque.push(address(next))) break;
      ++next;
    }
    for (std::size_t n = 0; n < burst; ++n) {
      if (task* const one = deque.pop()) ++taken[number(one)];
    }
  }
  while (task* const one = deque.pop()) ++taken[number(one)];
  over = true;
  for (std::thread& one : thieves) one.join();
  std::size_t wrong = 0;
  for (const auto& count : taken) wrong += count != 1;
  CHECK(wrong == 0);
}
