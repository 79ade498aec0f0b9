#include <workpool/pool/basic_thread_pool.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <system_error>
#include <vector>
#include <workpool/queue/fifo_queue.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::check_balance;
using workpool_test::eventually;

namespace {
using pool_of_lanes = wp::basic_thread_pool<>;
using pool_of_one_line = wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>;
#define EVERY_POOL pool_of_lanes, pool_of_one_line

}  // namespace

TEMPLATE_TEST_CASE("a body that runs longer than its timeout is settled early and asked to stop", "[timeout]",
                   EVERY_POOL) {
  TestType pool{1};
  gate held;
  auto captured = std::make_shared<int>(7);
  const std::weak_ptr<int> alive = captured;
  std::atomic<bool> asked{false};
  auto late = pool.submit({.name = "slow", .timeout = 20ms}, [&, captured = std::move(captured)](std::stop_token stop) {
    const std::stop_callback told(stop, [&] { asked = true; });
    held.wait();
    return *captured;
  });
  try {
    static_cast<void>(late.get());
    FAIL("no exception");
  } catch (const wp::task_timeout& error) {
    CHECK(std::string(error.what()).find("'slow' ran longer than its timeout") != std::string::npos);
  }
  CHECK(eventually([&] { return asked.load(); }));
  CHECK(pool.stats().timed_out == 1);
  CHECK(pool.stats().overrunning == 1);
  CHECK_FALSE(alive.expired());  // the callable lives until its body returns
  CHECK_FALSE(pool.wait_idle_for(1ms));
  held.open();
  pool.wait_idle();
  CHECK(alive.expired());
  const wp::pool_stats now = pool.stats();
  CHECK(now.overrunning == 0);
  CHECK(now.late_results == 1);
  CHECK(now.completed == 0);
  check_balance(now);
}

TEMPLATE_TEST_CASE("a body that keeps its timeout is not touched", "[timeout]", EVERY_POOL) {
  TestType pool{2};
  std::vector<wp::future<int>> results;
  for (int n = 0; n < 1000; ++n) results.push_back(pool.submit({.timeout = 60s}, [n] { return n; }));
  for (int n = 0; n < 1000; ++n) CHECK(results[static_cast<std::size_t>(n)].get() == n);
  CHECK(pool.stats().timed_out == 0);
}

TEST_CASE("three bodies overrun a pool of two with two spares, and other tasks still run", "[timeout]") {
  pool_of_lanes pool{{.workers = 2, .max_overrun = 2}};
  gate held;
  std::vector<wp::future<void>> late;
  for (int n = 0; n < 3; ++n) late.push_back(pool.submit({.timeout = 10ms}, [&] { held.wait(); }));
  for (auto& one : late) CHECK_THROWS_AS(one.get(), wp::task_timeout);
  CHECK(pool.submit([] { return 4; }).get() == 4);
  wp::pool_stats now = pool.stats();
  CHECK(now.overrunning == 3);
  CHECK(now.workers == 4);
  check_balance(now);
  const auto workers = pool.workers();
  REQUIRE(workers.size() == 4);
  CHECK(workers[3].id == 3);
  held.open();
  pool.wait_idle();
  CHECK(pool.stats().overrunning == 0);
  CHECK(eventually([&] { return pool.stats().workers == 2; }));  // the spares leave
  CHECK(eventually([&] { return pool.workers().size() == 2; }));
}

TEST_CASE("with max_overrun 0 nobody stands in for an overrunning body", "[timeout]") {
  pool_of_lanes pool{{.workers = 1, .max_overrun = 0}};
  gate held;
  auto late = pool.submit({.timeout = 5ms}, [&] { held.wait(); });
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  auto next = pool.submit([] { return 1; });
  CHECK(pool.stats().workers == 1);
  CHECK_FALSE(next.ready());
  held.open();
  CHECK(next.get() == 1);
}

TEST_CASE("a task that another one runs inline has a timeout of its own", "[timeout]") {
  pool_of_lanes pool{1};
  gate held;
  auto outer = pool.submit([&] {
    auto inner = pool.submit({.timeout = 10ms}, [&] { held.wait(); });
    inner.wait();
    return inner.outcome();
  });
  held.await_arrivals(1);
  CHECK(eventually([&] { return pool.stats().timed_out == 1; }));
  held.open();
  CHECK(outer.get() == wp::outcome::timed_out);
  pool.wait_idle();
  CHECK(pool.stats().overrunning == 0);
}

TEMPLATE_TEST_CASE("a waiting task expires at its time, also while the pool is paused", "[expiry]", EVERY_POOL) {
  TestType pool{{.workers = 1, .queue = {.capacity = 2, .on_full = wp::on_full::reject}}};
  pool.pause();
  auto captured = std::make_shared<int>(1);
  const std::weak_ptr<int> alive = captured;
  auto one = pool.submit({.name = "stale", .expires_after = 10ms}, [captured = std::move(captured)] { return 1; });
  auto other = pool.submit({.expires_after = 10min}, [] { return 2; });
  const bool full = !pool.try_submit([] {});
  CHECK((full || alive.expired()));
  try {
    static_cast<void>(one.get());
    FAIL("no exception");
  } catch (const wp::task_expired& error) {
    CHECK(std::string(error.what()).find("'stale' waited longer than its expires_after") != std::string::npos);
  }
  CHECK(alive.expired());
  CHECK((pool.try_submit([] {}) || !full));  // its place is free
  pool.resume();
  CHECK(other.get() == 2);
  pool.wait_idle();
  CHECK(pool.stats().expired == 1);
  check_balance(pool.stats());
}

TEMPLATE_TEST_CASE("an expiry of nothing or less never runs", "[expiry]", EVERY_POOL) {
  TestType pool{1};
  std::atomic<int> ran{0};
  for (const auto none : {0ns, wp::duration(-1s), wp::duration::min()}) {
    auto one = pool.submit({.expires_after = none}, [&] { ++ran; });
    CHECK_THROWS_AS(one.get(), wp::task_expired);
  }
  CHECK(ran == 0);
  CHECK(pool.stats().expired == 3);
}

TEST_CASE("limits without end are no limits", "[expiry]") {
  pool_of_lanes pool{1};
  CHECK(pool.submit({.timeout = wp::duration::max(), .expires_after = wp::duration::max()}, [] { return 1; }).get() ==
        1);
}

TEST_CASE("what has expired or started takes no memory of the timer for long", "[expiry]") {
  pool_of_lanes pool{1};
  for (int n = 0; n < 20'000; ++n) pool.post({.expires_after = 1h}, [] {});
  pool.wait_idle();
  CHECK(pool.stats().completed == 20'000);
}

TEST_CASE("a series runs until it is cancelled, survives what it throws, and does not overlap", "[every]") {
  std::atomic<int> uncaught{0};
  pool_of_lanes pool{{.workers = 2, .uncaught_handler = [&](const std::exception_ptr&, wp::task_id) { ++uncaught; }}};
  std::atomic<int> turns{0}, inside{0};
  std::atomic<bool> overlapped{false};
  auto series = pool.post_every(1ms, [&] {
    if (++inside != 1) overlapped = true;
    ++turns;
    --inside;
    if (turns % 2 == 0) throw std::runtime_error("even");
  });
  CHECK(eventually([&] { return turns >= 6; }));
  series.cancel();
  const int seen = turns;
  pool.wait_idle();
  CHECK(turns == seen);  // cancel waited for the turn in progress
  CHECK(uncaught >= 2);
  CHECK_FALSE(overlapped);
  series.cancel();
}

TEST_CASE("a series goes on after a turn that was purged, and ends with the pool", "[every]") {
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  std::atomic<int> turns{0};
  wp::subscription kept;
  {
    pool_of_lanes pool{1};
    kept = pool.post_every(1ms, [&, captured = std::move(captured)] { ++turns; });
    pool.pause();
    CHECK(eventually([&] { return pool.stats().queued == 1; }));
    CHECK(pool.purge() == 1);
    pool.resume();
    const int before = turns;
    CHECK(eventually([&] { return turns > before + 2; }));
  }
  CHECK(eventually([&] { return alive.expired(); }));
}

TEST_CASE("turns do not drift and late ones are skipped", "[every]") {
  using wp::detail::next_turn;
  const wp::time_point start{1s};
  CHECK(next_turn(start, 10ms, start) == start + 10ms);
  CHECK(next_turn(start, 10ms, start + 9ms) == start + 10ms);
  CHECK(next_turn(start, 10ms, start + 10ms) == start + 20ms);
  CHECK(next_turn(start, 10ms, start + 57ms) == start + 60ms);
  CHECK(next_turn(start, 10ms, start - 5s) == start + 10ms);
  CHECK(next_turn(start, wp::duration::max(), start + 1s) == wp::time_point::max());
  CHECK(next_turn(start, 1ns, wp::time_point::max() - 1ns) == wp::time_point::max());
}

TEMPLATE_TEST_CASE("times are taken of some tasks, by lane, and failures are counted by type", "[seeing]", EVERY_POOL) {
  TestType pool{1};
  for (int n = 0; n < 640; ++n) pool.post({.priority = wp::priority::high}, [] {});
  pool.wait_idle();
  gate held;
  auto slow = pool.submit({.priority = wp::priority::low}, [&] { held.wait(); });
  held.await_arrivals(1);
  CHECK(slow.wait_for(10ms) == std::future_status::timeout);
  held.open();
  pool.wait_idle();
  auto failed = pool.submit([] { throw std::runtime_error("no"); });
  auto code = pool.submit([] { throw std::system_error(std::make_error_code(std::errc::io_error)); });
  CHECK_THROWS(failed.get());
  CHECK_THROWS(code.get());
  const wp::pool_stats now = pool.stats();
  CHECK(now.wait[1].count == 10);
  CHECK(now.wait[3].count == 1);
  CHECK(now.wait[0].count == 0);
  CHECK(now.run.count >= 11);
  CHECK(now.run.max >= 10ms);
  CHECK(now.run.p50 < 10ms);
  CHECK(now.errors ==
        std::map<std::string, std::uint64_t>{{"std::runtime_error", 1}, {"std::system_error (generic:5)", 1}});
}

TEST_CASE("a future can be explained", "[seeing]") {
  pool_of_lanes pool{{.name = "calc", .workers = 1}};
  pool.pause();
  auto one = pool.submit({.name = "thumb"}, [] {});
  CHECK(pool.explain(one).find("'thumb' waits in lane normal of pool 'calc'") != std::string::npos);
  pool.resume();
  one.wait();
  CHECK(pool.explain(one).find("'thumb' has ended: value") != std::string::npos);
  pool_of_lanes other{1};
  CHECK(other.explain(one).find("does not belong to pool 'pool'") != std::string::npos);
  one.get();
  CHECK_THROWS_AS(pool.explain(one), wp::no_state);
}

TEST_CASE("what stands in for a task that overran can run while a callback of its stop token waits", "[timeout]") {
  pool_of_lanes pool{1};
  gate held, stood_in;
  auto late = pool.submit({.timeout = 1ms}, [&](std::stop_token stop) {
    const std::stop_callback callback(stop, [&] { stood_in.wait(); });  // called here where the time is over already
    held.wait();
  });
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  pool.submit([&] { stood_in.open(); }).get();
  held.open();
  pool.wait_idle();
}
