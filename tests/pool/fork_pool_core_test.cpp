#include <workpool/pool/fork_pool_core.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <workpool/core/error.hpp>
#include <workpool/pool/basic_fork_pool.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/shared_gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("a program that is not in PATH is refused by name before any process exists") {
  wp::fork_pool_options options;
  options.program = {"no-such-worker-program"};
  CHECK_THROWS_WITH(wp::basic_fork_pool<>(options),
                    Contains("no-such-worker-program") && Contains("No such file") && Contains("PATH"));
}

TEST_CASE("a handler of the pool that waits for a task of the pool without a limit is told that it would for ever") {
  wp::basic_fork_pool<> pool(1);
  const workpool_test::shared_gate_side held;
  wp::errc told{};
  auto blocked = pool.submit([](workpool_test::shared_gate gate) { gate.enter(); }, held.handle());
  held.await(1);
  const wp::task_id first = blocked.id();  // later it is got from elsewhere at the same time
  const auto watch = pool.on_event<wp::event::task_settled>([&](const wp::event::task_settled& news) {
    if (news.task == first) return;
    try {
      blocked.wait();
    } catch (const wp::would_deadlock&) {
      told = wp::errc::would_deadlock;
    }
  });
  auto withdrawn = pool.submit([] {});
  CHECK(withdrawn.cancel() == wp::cancel_result::dequeued);
  CHECK(told == wp::errc::would_deadlock);
  held.open();
  CHECK_NOTHROW(blocked.get());
}

TEST_CASE("what cannot be accepted while no worker can live is told so, and counted") {
  wp::fork_pool_options options;
  options.workers = 1;
  options.restart.max_restarts = 0;
  options.breaker.emplace();
  options.breaker->open_for = 1h;
  wp::basic_fork_pool<> pool(options);
  std::atomic<bool> failed{false};
  const auto watch = pool.on_event<wp::event::worker_failed>([&](const wp::event::worker_failed&) { failed = true; });
  REQUIRE(::kill(pool.workers().at(0).pid, SIGKILL) == 0);
  REQUIRE(workpool_test::eventually([&] { return failed.load(); }));
  CHECK(pool.try_submit([] {}).error() == wp::errc::pool_broken);
  CHECK_THROWS_WITH(pool.post([] {}), Contains("restart.max_restarts"));
  const wp::pool_stats now = pool.stats();
  CHECK(now.rejected >= 2);
  workpool_test::check_balance(now);
}
