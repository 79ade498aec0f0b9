#include <workpool/pool/fork_pool.hpp>

#include <csignal>
#include <vector>
#include <workpool/core/error.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

TEST_CASE("the pool for everyday use calls a function in a child, and survives what that does") {
  wp::fork_pool pool(2);
  CHECK(pool.submit([](int left, int right) { return left + right; }, 40, 2).get() == 42);
  auto crash = pool.submit([] { std::raise(SIGKILL); });
  CHECK_THROWS_AS(crash.get(), wp::worker_lost);
  CHECK(pool.submit([](std::vector<int> some) { return some.size(); }, std::vector<int>{1, 2, 3}).get() == 3);
}
