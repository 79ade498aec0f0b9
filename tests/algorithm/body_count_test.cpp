#include <workpool/algorithm/body_count.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/gate.hpp"

using workpool::detail::body_count;

TEST_CASE("nobody waits for bodies that never were") {
  const body_count bodies;
  bodies.wait();
  bodies.wait();
  SUCCEED();
}

TEST_CASE("wait returns after the last ticket has died, not before") {
  for (int round = 0; round < 200; ++round) {
    const body_count bodies;
    std::atomic<int> alive{3};
    std::vector<std::thread> running;
    for (int n = 0; n < 3; ++n) {
      running.emplace_back([&alive, body = std::optional(bodies.enter())]() mutable {
        std::this_thread::yield();
        --alive;
        body.reset();
      });
    }
    bodies.wait();
    const int seen = alive;
    for (std::thread& one : running) one.join();
    REQUIRE(seen == 0);
  }
}

TEST_CASE("a ticket that is moved still counts once") {
  const body_count bodies;
  {
    body_count::ticket first = bodies.enter();
    body_count::ticket second(std::move(first));
    const body_count::ticket third(std::move(second));
  }
  bodies.wait();
  SUCCEED();
}

TEST_CASE("several threads may wait for the same bodies") {
  const body_count bodies;
  std::optional<body_count::ticket> body(bodies.enter());
  gate at_start;
  std::atomic<bool> over{false};
  std::atomic<int> too_early{0};
  std::vector<std::thread> waiting;
  for (int n = 0; n < 3; ++n) {
    waiting.emplace_back([&] {
      at_start.wait();
      bodies.wait();
      if (!over) ++too_early;
    });
  }
  at_start.await_arrivals(3);
  at_start.open();
  over = true;
  body.reset();
  for (std::thread& one : waiting) one.join();
  CHECK(too_early == 0);
}

TEST_CASE("a body may outlive the count that let it in") {
  std::optional<body_count::ticket> body;
  {
    const body_count bodies;
    body.emplace(bodies.enter());
  }
  body.reset();
  SUCCEED();
}
