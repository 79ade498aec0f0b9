#include <workpool/queue/consumer_gate.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using workpool::detail::consumer_gate;

TEST_CASE("no consumer is inside while the gate is closed", "[queue]") {
  consumer_gate gate;
  int unguarded = 0;  // written by closures, read by consumers: ThreadSanitizer is the second witness
  std::atomic<bool> torn{false};
  std::atomic<bool> over{false};
  std::vector<std::thread> consumers;
  for (int n = 0; n < 3; ++n) {
    consumers.emplace_back([&] {
      while (!over) {
        const consumer_gate::passage visit(gate);
        if (unguarded % 2 != 0) torn = true;
      }
    });
  }
  for (int n = 0; n < 2000; ++n) {
    const consumer_gate::closure alone(gate);
    ++unguarded;
    std::this_thread::yield();
    ++unguarded;
  }
  over = true;
  for (auto& one : consumers) one.join();
  CHECK_FALSE(torn);
  CHECK(unguarded == 4000);
}

TEST_CASE("several consumers are inside at the same time", "[queue]") {
  consumer_gate gate;
  const consumer_gate::passage first(gate);
  const consumer_gate::passage second(gate);
  std::thread third([&] { const consumer_gate::passage visit(gate); });
  third.join();
  SUCCEED();
}
