#pragma once

#include <chrono>
#include <concepts>
#include <thread>

namespace workpool_test {

/// Polls `predicate`, yielding between two looks, until it holds (true) or `limit` has passed (what it says then).
/// For facts another thread makes true without telling anybody: `REQUIRE(eventually([&] { return pool.stats().idle ==
/// 2; }))`. Where the other thread can tell (a latch, a future), wait for that instead.
template <std::predicate Predicate>
[[nodiscard]] bool eventually(Predicate predicate, std::chrono::nanoseconds limit = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (std::chrono::steady_clock::now() < until) {
    if (predicate()) return true;
    std::this_thread::yield();
  }
  return predicate();
}

}  // namespace workpool_test
