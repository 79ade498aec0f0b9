#include <workpool/pool/delayed_tasks.hpp>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/queue/fifo_queue.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"
#include "support/gate.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::check_balance;
using workpool_test::eventually;

namespace {
using pool_of_lanes = wp::basic_thread_pool<>;
using pool_of_one_line = wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>;
#define EVERY_POOL pool_of_lanes, pool_of_one_line

/// What delayed tasks need of a pool.
struct bench final : wp::detail::deadline_watch {
  ~bench() { clock.end(); }
  wp::time_point look(wp::time_point) noexcept override { return wp::time_point::max(); }
  bool over() const noexcept override { return true; }

  /// A task and what it is told.
  wp::task_ref make() {
    auto* const one = new workpool_test::probe_task(log);
    one->describe_as(++ids, wp::priority::normal);
    return wp::task_ref(one);
  }
  wp::errc admit(wp::duration delay) {
    wp::task_ref one = make();
    return delayed.admit(one, wp::after(wp::steady::now(), delay));
  }

  wp::task_id ids = 0;
  workpool_test::probe_log log;
  workpool_test::fake_owner pool;
  wp::pool_options options;
  wp::detail::task_runner runner{options};
  wp::detail::timekeeper clock{pool, *this, "bench"};
  workpool_test::fake_crew crew{1};
  std::atomic<bool> closed{false};
  wp::detail::delayed_tasks<workpool_test::fake_crew> delayed{pool, runner, clock, crew, closed};
};

}  // namespace

TEST_CASE("a delayed task becomes late at its time, and a worker is told", "[later]") {
  bench here;
  CHECK(here.admit(1h) == wp::errc());
  CHECK(here.delayed.any());
  CHECK_FALSE(here.delayed.late().any());
  CHECK(here.admit(0ns) == wp::errc());
  CHECK(eventually([&] { return here.crew.notified == 1; }));
  CHECK(here.delayed.late().any());
  CHECK(here.delayed.any());  // the other one
  CHECK(here.crew.woken == 0);
  wp::detail::task* const next = here.delayed.late().pull({});
  REQUIRE(next);
  CHECK(next->id() == 2);
  workpool_test::fake_owner::run_started(*next);
  next->drop_reference();
}

TEST_CASE("a closed pool takes nothing for later, and the books do not know of it", "[later]") {
  bench here;
  here.closed = true;
  CHECK(here.admit(1h) == wp::errc::pool_stopped);
  CHECK_FALSE(here.delayed.any());
  CHECK(here.runner.balanced());
  CHECK(here.runner.intake().rejected() == 1);
  CHECK(here.log.destroyed == 1);
}

TEST_CASE("the workers of a closed pool are woken when the last delay has ended", "[later]") {
  bench here;
  CHECK(here.admit(1h) == wp::errc());
  CHECK(here.admit(1h) == wp::errc());
  here.closed = true;
  here.delayed.one_less();
  CHECK(here.crew.woken == 0);
  here.delayed.one_less();
  CHECK(here.crew.woken == 1);
  CHECK_FALSE(here.delayed.any());
}

TEST_CASE("what is outside the queue is withdrawn by lane, delayed or late", "[later]") {
  bench here;
  CHECK(here.delayed.withdraw(wp::priority::normal, wp::outcome::cancelled) == 0);
  CHECK(here.admit(1h) == wp::errc());
  CHECK(here.admit(0ns) == wp::errc());
  CHECK(eventually([&] { return here.delayed.late().any(); }));
  CHECK(here.delayed.withdraw(wp::priority::low, wp::outcome::cancelled) == 0);
  CHECK(here.delayed.withdraw(wp::priority::normal, wp::outcome::cancelled) == 2);
  CHECK(here.pool.withdrawals.size() == 2);
  CHECK(eventually([&] { return here.log.destroyed == 2; }));  // none of them is kept until its time, an hour from now
  CHECK_FALSE(here.delayed.late().any());
}

TEST_CASE("once all is discarded, what comes for later is discarded at once", "[later]") {
  bench here;
  here.delayed.discard();
  CHECK(here.admit(1h) == wp::errc());
  REQUIRE(here.pool.withdrawals.size() == 1);
  CHECK(here.pool.withdrawals.front().result == wp::outcome::discarded);
}

TEMPLATE_TEST_CASE("a task posted for later runs later, and a shutdown waits for it", "[later]", EVERY_POOL) {
  std::atomic<bool> ran{false};
  const auto before = wp::steady::now();
  {
    TestType pool{1};
    pool.post_after(1h, [] {});
    const wp::pool_stats now = pool.stats();
    CHECK(now.delayed == 1);
    CHECK(now.queued == 0);
    check_balance(now);
    CHECK(pool.purge() == 1);
    pool.post_after(30ms, [&] { ran = true; });
  }
  CHECK(ran);
  CHECK(wp::steady::now() - before >= 30ms);
}

TEMPLATE_TEST_CASE("what is posted for later is taken by purge and discarded at the end of a drain", "[later]",
                   EVERY_POOL) {
  TestType pool{1};
  std::atomic<int> ran{0};
  pool.post_after(1h, [&] { ++ran; });
  pool.post_after(1h, [&] { ++ran; });
  CHECK(pool.purge(wp::priority::low) == 0);
  CHECK(pool.purge() == 2);
  pool.wait_idle();
  CHECK(pool.stats().cancelled == 2);
  CHECK(pool.stats().delayed == 0);
  pool.post_after(1h, [&] { ++ran; });
  const wp::shutdown_report report = pool.shutdown({.drain = 20ms});
  CHECK(report.discarded == 1);
  CHECK(ran == 0);
  CHECK_THROWS_AS(pool.post_after(1ms, [] {}), wp::pool_stopped);
  check_balance(pool.stats());
}

TEST_CASE("a task whose delay is over enters a full pool", "[later]") {
  pool_of_lanes pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::reject}}};
  gate held;
  std::atomic<bool> ran{false};
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.post([] {});
  CHECK_FALSE(pool.try_submit([] {}));
  pool.post_after(1ms, [&] { ran = true; });
  CHECK(eventually([&] { return pool.stats().delayed == 0; }));
  CHECK(pool.stats().queued == 2);
  held.open();
  pool.wait_idle();
  CHECK(ran);
}

TEST_CASE("a task whose delay is over starts before what waits in its lane, and after the lanes above", "[later]") {
  std::vector<std::string> order;
  gate held;
  pool_of_lanes pool{1};
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  for (int n = 0; n < 3; ++n) pool.post([&] { order.emplace_back("waited"); });
  pool.post({.priority = wp::priority::high}, [&] { order.emplace_back("high"); });
  pool.post_after(1ms, [&] { order.emplace_back("later"); });
  CHECK(pool.purge(wp::priority::low) == 0);
  // One brings them one after the other, and may not be done with the last one yet.
  pool.post_after(1ms, [] {});
  REQUIRE(eventually([&] { return pool.stats().delayed == 0; }));
  held.open();
  pool.wait_idle();
  CHECK(order == std::vector<std::string>{"high", "later", "waited", "waited", "waited"});
}

TEST_CASE("a shutdown that discards does not wait for what is just being posted for later", "[later]") {
  for (int turn = 0; turn < 300; ++turn) {
    pool_of_lanes pool{1};
    std::atomic<bool> begun{false};
    std::thread poster([&] {
      try {
        for (;;) {
          pool.post_after(1h, [] {});
          begun = true;
        }
      } catch (const wp::pool_stopped&) {
      }
    });
    while (!begun) std::this_thread::yield();
    const wp::shutdown_report report = pool.shutdown({.drain = 30s, .pending = wp::pending::discard});
    REQUIRE(report.took < 15s);
    poster.join();
    CHECK(pool.stats().discarded == pool.stats().accepted);
  }
}
