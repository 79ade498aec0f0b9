#include <workpool/pool/basic_thread_pool.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <pthread.h>

#include <workpool/queue/fifo_queue.hpp>
#include <workpool/select/round_robin.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"
#include "support/refusals.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::check_balance;
using workpool_test::check_refused;
using workpool_test::eventually;

namespace {

using pool_of_lanes = wp::basic_thread_pool<>;
using pool_of_one_line = wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>;
using pool_with_strategy = wp::basic_thread_pool<wp::select::round_robin>;
#define EVERY_POOL pool_of_lanes, pool_of_one_line, pool_with_strategy

wp::retry_options at_once(unsigned max_attempts) { return {.max_attempts = max_attempts, .backoff = {.initial = 0ns}}; }
wp::retry_options much_later(unsigned max_attempts) {
  return {.max_attempts = max_attempts, .backoff = {.initial = 1h, .max = 0ns}};
}

/// Fails until it has been called so often.
struct flaky {
  std::atomic<unsigned>& calls;
  unsigned good_from;
  unsigned operator()() const {
    const unsigned call = ++calls;
    if (call < good_from) throw std::runtime_error("call " + std::to_string(call));
    return call;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("a task that fails is run again until it does not, and the books say so", "[retry]", EVERY_POOL) {
  TestType pool{2};
  std::atomic<unsigned> calls{0};
  CHECK(pool.submit({.retry = at_once(5)}, flaky{calls, 3}).get() == 3);
  CHECK(calls == 3);
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.accepted == 1);
  CHECK(now.started == 1);
  CHECK(now.retried == 2);
  CHECK(now.completed == 1);
  CHECK(now.failed == 0);
  check_balance(now);
}

TEMPLATE_TEST_CASE("when no attempt is left the last error is what get() throws", "[retry]", EVERY_POOL) {
  TestType pool{2};
  std::atomic<unsigned> calls{0};
  auto failing = pool.submit({.retry = at_once(3)}, flaky{calls, 99});
  CHECK_THROWS_WITH(failing.get(), "call 3");
  CHECK(calls == 3);
  pool.wait_idle();
  CHECK(pool.stats().failed == 1);
  CHECK(pool.stats().retried == 2);
  check_balance(pool.stats());
}

TEST_CASE("without retry there is one attempt, and a task reads which one it is", "[retry]") {
  pool_of_lanes pool{1};
  CHECK(pool.submit([] { return wp::this_worker::attempt(); }).get() == 1);
  CHECK(wp::this_worker::attempt() == 0);
  std::vector<unsigned> seen;
  pool.submit({.retry = at_once(4)},
              [&] {
                seen.push_back(wp::this_worker::attempt());
                if (seen.size() < 4) throw std::runtime_error("again");
              })
      .get();
  CHECK(seen == std::vector<unsigned>{1, 2, 3, 4});
}

TEST_CASE("between two attempts a task is delayed, outside the queue, and can be explained", "[retry]") {
  pool_of_lanes pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::reject}}};
  const auto captured = std::make_shared<int>(1);
  auto failing = pool.submit({.name = "flaky", .retry = much_later(3)}, [captured] { throw std::runtime_error("no"); });
  REQUIRE(eventually([&] { return pool.stats().delayed == 1; }));
  wp::pool_stats now = pool.stats();
  CHECK(now.running == 0);
  CHECK(now.queued == 0);
  CHECK(now.started == 1);
  CHECK(now.retried == 0);
  check_balance(now);
  CHECK(pool.explain(failing).find("'flaky' waits for the time of attempt 2; attempt 1 has failed") !=
        std::string::npos);
  pool.pause();
  auto other = pool.try_submit([] {});  // its place is free
  CHECK(other);
  pool.resume();
  CHECK(failing.cancel() == wp::cancel_result::dequeued);
  CHECK_THROWS_AS(failing.get(), wp::task_cancelled);
  CHECK(captured.use_count() == 1);
  pool.wait_idle();
  now = pool.stats();
  CHECK(now.cancelled == 1);
  CHECK(now.failed == 0);
  check_balance(now);
}

TEMPLATE_TEST_CASE("purge takes what waits for its next attempt", "[retry]", EVERY_POOL) {
  TestType pool{1};
  auto failing = pool.submit({.retry = much_later(3)}, [] { throw std::runtime_error("no"); });
  REQUIRE(eventually([&] { return pool.stats().delayed == 1; }));
  CHECK(pool.purge(wp::priority::low) == 0);
  CHECK(pool.purge(wp::priority::normal) == 1);
  CHECK(failing.outcome() == wp::outcome::cancelled);
  check_balance(pool.stats());
}

TEMPLATE_TEST_CASE("what a waiter has run itself does not run again out of the queue, and holds no place there",
                   "[retry]", EVERY_POOL) {
  TestType pool{{.workers = 1, .queue = {.capacity = 2, .on_full = wp::on_full::reject}}};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  std::atomic<unsigned> calls{0};
  auto one = pool.submit({.retry = much_later(3)}, flaky{calls, 9});
  std::atomic<bool> cancelled{false};
  std::jthread waiter([&] {
    try {
      one.get(wp::help);
    } catch (const wp::task_cancelled&) {
      cancelled = true;
    }
  });
  REQUIRE(eventually([&] { return pool.stats().delayed == 1; }));
  CHECK(calls == 1);
  held.open();
  CHECK(pool.submit([] { return 1; }).get() == 1);  // the worker has come by what was left of it
  CHECK(calls == 1);
  pool.pause();
  CHECK(pool.try_submit([] {}));
  CHECK(pool.try_submit([] {}));
  CHECK(pool.try_submit([] {}).error() == wp::errc::queue_full);
  check_balance(pool.stats());
  CHECK(pool.purge() == 3);
  waiter.join();
  CHECK(cancelled);
  pool.resume();
  pool.wait_idle();
  check_balance(pool.stats());
}

TEST_CASE("the pause before an attempt is that of the backoff", "[retry]") {
  pool_of_lanes pool{1};
  std::vector<wp::time_point> begun;
  pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 20ms, .factor = 2}}},
              [&] {
                begun.push_back(wp::steady::now());
                if (begun.size() < 3) throw std::runtime_error("again");
              })
      .get();
  REQUIRE(begun.size() == 3);
  CHECK(begun[1] - begun[0] >= 20ms);
  CHECK(begun[2] - begun[1] >= 40ms);
}

TEST_CASE("what is cancelled while it runs has no other attempt, however it ends", "[retry]") {
  pool_of_lanes pool{1};
  gate held;
  std::atomic<unsigned> calls{0};
  auto one = pool.submit({.retry = at_once(5)}, [&] {
    ++calls;
    held.wait();
    throw std::runtime_error("own error");
  });
  held.await_arrivals(1);
  CHECK(one.cancel() == wp::cancel_result::stop_requested);
  held.open();
  CHECK_THROWS_WITH(one.get(), "own error");
  CHECK(calls == 1);
  auto other = pool.submit({.retry = at_once(5)}, [&] {
    ++calls;
    throw wp::task_cancelled("by itself");
  });
  CHECK_THROWS_AS(other.get(), wp::task_cancelled);
  CHECK(calls == 2);
}

TEMPLATE_TEST_CASE(
    "an attempt that runs out of time is asked to stop, and followed by another one only when its body "
    "has returned",
    "[retry][timeout]", EVERY_POOL) {
  TestType pool{{.workers = 1, .max_overrun = 1}};
  std::atomic<int> at_work{0}, most{0};
  std::atomic<unsigned> calls{0};
  gate held;
  auto one = pool.submit({.timeout = 1s, .retry = at_once(3)}, [&](std::stop_token stop) {
    const int now = ++at_work;
    most = std::max(most.load(), now);
    const unsigned call = ++calls;
    bool stopped_before = stop.stop_requested();
    if (call == 1) {
      while (!stop.stop_requested()) std::this_thread::yield();
      held.wait();
    }
    --at_work;
    return stopped_before ? 0U : 10 * call;  // the value of the first one comes too late
  });
  held.await_arrivals(1);
  CHECK(pool.submit([] { return 1; }).get() == 1);  // somebody stands in
  CHECK_FALSE(one.ready());
  CHECK(pool.stats().running == 1);
  CHECK(pool.stats().overrunning == 0);
  held.open();
  CHECK(one.get() == 20);
  CHECK(most == 1);
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.timed_out == 0);
  CHECK(now.retried == 1);
  CHECK(now.overrunning == 0);
  check_balance(now);
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
}

TEST_CASE("when the last attempt runs out of time the future is settled at once", "[retry][timeout]") {
  pool_of_lanes pool{1};
  gate held;
  std::atomic<unsigned> calls{0};
  auto one = pool.submit({.name = "slow", .timeout = 10ms, .retry = at_once(2)}, [&](std::stop_token stop) {
    if (++calls == 2) held.wait();
    while (!stop.stop_requested()) std::this_thread::yield();
    throw std::runtime_error("not what the future tells");
  });
  CHECK_THROWS_AS(one.get(), wp::task_timeout);
  held.await_arrivals(1);
  CHECK(calls == 2);
  CHECK(pool.stats().overrunning == 1);
  held.open();
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.timed_out == 1);
  CHECK(now.late_results == 1);
  check_balance(now);
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
}

TEST_CASE("an attempt that cannot start before the task expires is not made: it ends as the last one did",
          "[retry][expiry]") {
  pool_of_lanes pool{1};
  std::atomic<unsigned> calls{0};
  SECTION("because the pause is too long") {
    auto one = pool.submit({.expires_after = 10min, .retry = much_later(3)}, flaky{calls, 9});
    CHECK_THROWS_WITH(one.get(), "call 1");
    CHECK(calls == 1);
  }
  SECTION("because no worker is free in time") {
    gate held;
    wp::future<void> blocking;
    auto one = pool.submit({.expires_after = 1s, .retry = {.max_attempts = 3, .backoff = {.initial = 1ms}}}, [&] {
      blocking = pool.submit({.priority = wp::priority::critical}, [&] { held.wait(); });
      return flaky{calls, 9}();
    });
    CHECK_THROWS_WITH(one.get(), "call 1");
    CHECK(calls == 1);
    held.open();
    blocking.get();
  }
  SECTION("while an attempt that has run out of time still runs") {
    gate held;
    auto one = pool.submit({.timeout = 10ms, .expires_after = 1s, .retry = at_once(3)}, [&] {
      ++calls;
      held.wait();
    });
    CHECK_THROWS_AS(one.get(), wp::task_timeout);
    CHECK(calls == 1);
    CHECK(pool.stats().overrunning == 1);
    held.open();
    pool.wait_idle();
    CHECK(pool.stats().timed_out == 1);
    CHECK(eventually([&] { return pool.stats().workers == 1; }));
  }
  pool.wait_idle();
  CHECK(pool.stats().expired == 0);
  CHECK(pool.stats().retried == 0);
  check_balance(pool.stats());
}

TEST_CASE("a posted task is reported after its last attempt, also where that was not made", "[retry]") {
  gate expired;
  std::vector<std::string> told;
  const auto handler = [&](const std::exception_ptr& error, wp::task_id) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& known) {
      told.emplace_back(known.what());
    }
    expired.open();
  };
  pool_of_lanes pool{{.workers = 1, .uncaught_handler = handler}};
  std::atomic<unsigned> calls{0};
  SECTION("made") {
    pool.post({.retry = at_once(3)}, flaky{calls, 9});
    pool.wait_idle();
    CHECK(told == std::vector<std::string>{"call 3"});
  }
  SECTION("not made") {
    pool.post({.expires_after = 1s, .retry = {.max_attempts = 3, .backoff = {.initial = 1ms}}}, [&] {
      pool.post({.priority = wp::priority::critical}, [&] { expired.wait(); });  // the one worker
      flaky{calls, 9}();
    });
    pool.wait_idle();
    CHECK(told == std::vector<std::string>{"call 1"});
  }
  SECTION("good in the end") {
    pool.post({.retry = at_once(3)}, flaky{calls, 3});
    pool.wait_idle();
    CHECK(told.empty());
  }
}

TEST_CASE("only errors that the predicate wants are worth another attempt, and a predicate that throws says no",
          "[retry]") {
  pool_of_lanes pool{1};
  std::atomic<unsigned> calls{0};
  wp::retry_options only_runtime = at_once(3);
  only_runtime.when = [](std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::runtime_error&) {
      return true;
    } catch (...) {
      return false;
    }
  };
  CHECK_THROWS_WITH(pool.submit({.retry = only_runtime}, flaky{calls, 9}).get(), "call 3");
  auto other = pool.submit({.retry = only_runtime}, [&] {
    ++calls;
    throw std::logic_error("mine");
  });
  CHECK_THROWS_AS(other.get(), std::logic_error);
  CHECK(calls == 4);
  wp::retry_options broken = at_once(3);
  broken.when = [](std::exception_ptr) -> bool { throw 1; };
  CHECK_THROWS_WITH(pool.submit({.retry = broken}, flaky{calls, 99}).get(), "call 5");
  CHECK(pool.stats().callback_errors == 1);
}

TEST_CASE("a budget is shared by the tasks that name it", "[retry]") {
  pool_of_lanes pool{2};
  wp::retry_budget budget({.ratio = 0.1, .per_second = 0, .burst = 5});
  wp::retry_options options = at_once(10);
  options.budget = &budget;
  std::vector<wp::future<void>> all;
  for (int n = 0; n < 100; ++n) {
    all.push_back(pool.submit({.retry = options}, [] { throw std::runtime_error("down"); }));
  }
  for (auto& one : all) CHECK_THROWS_AS(one.get(), std::runtime_error);
  pool.wait_idle();
  CHECK(pool.stats().retried >= 5);
  CHECK(pool.stats().retried <= 15);  // 5 saved up and 100 / 10, not 900
}

TEST_CASE("a breaker counts every attempt, and when it is open there is no other one", "[retry][breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 2, .open_for = 1h});
  pool_of_lanes pool{1};
  std::atomic<unsigned> calls{0};
  auto one = pool.submit({.retry = at_once(5), .breaker = &breaker}, flaky{calls, 9});
  CHECK_THROWS_WITH(one.get(), "call 2");
  CHECK(calls == 2);
  CHECK(breaker.current() == wp::circuit_breaker::state::open);
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.failed == 1);
  CHECK(now.retried == 1);
  check_balance(now);
  breaker.reset();
  const auto before = breaker.stats().failures;
  calls = 0;
  CHECK(pool.submit({.retry = at_once(5), .breaker = &breaker}, flaky{calls, 2}).get() == 2);
  CHECK(breaker.current() == wp::circuit_breaker::state::closed);
  CHECK(breaker.stats().failures - before == 1);
}

TEST_CASE("parts of a bulk are run again one by one", "[retry][bulk]") {
  pool_of_lanes pool{2};
  std::vector<std::atomic<unsigned>> calls(100);
  pool.submit_bulk({.retry = at_once(3)}, calls.size(),
                   [&](std::size_t i) {
                     if (++calls[i] <= i % 3) throw std::runtime_error("again");
                   })
      .get();
  for (std::size_t i = 0; i < calls.size(); ++i) CHECK(calls[i] == i % 3 + 1);
  std::atomic<unsigned> all{0};
  auto failing = pool.submit_bulk({.retry = at_once(2)}, 10, [&](std::size_t i) {
    ++all;
    if (i == 4) throw std::runtime_error("never");
  });
  CHECK_THROWS_WITH(failing.get(), "never");
  pool.wait_idle();
  check_balance(pool.stats());
}

TEST_CASE("a shutdown waits for the attempts of what it has accepted", "[retry][shutdown]") {
  pool_of_lanes pool{2};
  std::atomic<unsigned> calls{0};
  auto one = pool.submit({.retry = {.max_attempts = 4, .backoff = {.initial = 5ms}}}, flaky{calls, 4});
  const wp::shutdown_report report = pool.shutdown();
  CHECK(report.discarded == 0);
  CHECK(one.get() == 4);
}

TEST_CASE("a shutdown that does not wait discards what waits for its next attempt", "[retry][shutdown]") {
  pool_of_lanes pool{1};
  auto one = pool.submit({.retry = much_later(3)}, [] { throw std::runtime_error("no"); });
  REQUIRE(eventually([&] { return pool.stats().delayed == 1; }));
  CHECK(pool.shutdown({.drain = 0ns}).discarded == 1);
  CHECK_THROWS_AS(one.get(), wp::task_discarded);
  check_balance(pool.stats());
}

TEST_CASE("a shutdown by force abandons an attempt that has run out of time", "[retry][shutdown]") {
  gate held;
  {
    pool_of_lanes pool{1};
    auto one = pool.submit({.timeout = 5ms, .retry = at_once(3)}, [&](std::stop_token stop) {
      while (!stop.stop_requested()) std::this_thread::yield();
      held.wait();
    });
    held.await_arrivals(1);
    const wp::shutdown_report report = pool.shutdown({.drain = 10ms, .force = true});
    CHECK(report.abandoned == 1);
    CHECK(one.outcome() == wp::outcome::cancelled);
    held.open();
    CHECK(eventually([&] { return pool.stats().overrunning == 0; }));
    check_balance(pool.stats());
  }
}

TEST_CASE("the task of a submitter that ran it itself is run again by a worker, also when the pool ends meanwhile",
          "[retry][shutdown]") {
  for (int round = 0; round < 20; ++round) {
    gate held, ran;
    pool_of_lanes pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::caller_runs}}};
    auto blocking = pool.submit([&] { held.wait(); });
    held.await_arrivals(1);
    auto waiting = pool.submit([] {});
    std::atomic<unsigned> calls{0};
    wp::future<unsigned> one;
    std::jthread guest([&] {
      one = pool.submit({.retry = {.max_attempts = 2, .backoff = {.initial = 1ms}}}, [&] {
        if (++calls == 1) {
          ran.wait();
          throw std::runtime_error("again");
        }
        return calls.load();
      });
    });
    ran.await_arrivals(1);
    held.open();
    std::jthread ending([&] { pool.shutdown(); });
    waiting.get();
    ran.open();
    guest.join();
    CHECK(one.get() == 2);
  }
}

TEST_CASE("a task that ends its thread is run again by another one", "[retry]") {
  pool_of_lanes pool{2};
  std::atomic<unsigned> calls{0};
  auto one = pool.submit({.retry = at_once(3)}, [&] {
    if (++calls < 3) ::pthread_exit(nullptr);
    return calls.load();
  });
  CHECK(one.get() == 3);
  auto gone = pool.submit({.retry = {.max_attempts = 3, .on_worker_lost = false}}, [] { ::pthread_exit(nullptr); });
  CHECK_THROWS_AS(gone.get(), wp::worker_lost);
  pool.wait_idle();
  check_balance(pool.stats());
}

TEST_CASE("what cannot be run again is refused when it is submitted, and runs where it need not be", "[retry]") {
  pool_of_lanes pool{1};
  const auto takes = [](std::unique_ptr<int> owned) { return *owned; };
  const auto takes_many = [](std::vector<std::unique_ptr<int>> owned) { return owned.size(); };
  std::vector<std::unique_ptr<int>> many;
  many.push_back(std::make_unique<int>(1));
  check_refused([&] { static_cast<void>(pool.submit({.retry = at_once(2)}, takes, std::make_unique<int>(3))); },
                "retry.max_attempts", "cannot be copied");
  check_refused([&] { pool.post({.retry = at_once(2)}, takes_many, std::move(many)); }, "retry.max_attempts");
  check_refused(
      [&] {
        static_cast<void>(pool.submit({.retry = at_once(2)}, [text = std::string("x")]() mutable { text += 'x'; }));
      },
      "retry.max_attempts", "mutable");
  check_refused([&] { static_cast<void>(pool.submit({.retry = {.max_attempts = 0}}, [] {})); }, "retry.max_attempts");
  check_refused([&] { static_cast<void>(pool.submit({.retry = {.backoff = {.factor = 0}}}, [] {})); },
                "retry.backoff.factor");
  check_refused([&] { static_cast<void>(pool.submit_bulk({.retry = {.max_attempts = 0}}, 3, [](std::size_t) {})); },
                "retry.max_attempts");
  CHECK(pool.stats().submitted == 0);
  CHECK(pool.submit({.name = "one"}, takes, std::make_unique<int>(3)).get() == 3);
  CHECK(pool.submit({.name = "many"}, takes_many, std::move(many)).get() == 1);
  std::vector<std::unique_ptr<int>> more(2);
  CHECK(pool.submit({.name = "consumed"}, [more = std::move(more)]() mutable { return std::exchange(more, {}).size(); })
            .get() == 2);
}

TEST_CASE("who wants to know is told of each attempt that is followed by another one", "[retry]") {
  pool_of_lanes pool{1};
  std::vector<unsigned> attempts;
  std::vector<wp::outcome> hows;
  const auto told = pool.on_event<wp::event::task_retried>([&](const wp::event::task_retried& one) {
    attempts.push_back(one.attempt);
    hows.push_back(one.outcome);
  });
  std::atomic<unsigned> calls{0};
  pool.submit({.retry = at_once(3)}, flaky{calls, 3}).get();
  pool.wait_idle();
  CHECK(attempts == std::vector<unsigned>{1, 2});
  CHECK(hows == std::vector<wp::outcome>{wp::outcome::failed, wp::outcome::failed});
}

TEST_CASE("an error of an earlier attempt is not reported as unobserved", "[retry]") {
  pool_of_lanes pool{1};
  std::atomic<int> unobserved{0};
  const auto told = pool.on_event<wp::event::unobserved_error>([&](const auto&) { ++unobserved; });
  std::atomic<unsigned> calls{0};
  static_cast<void>(pool.submit({.retry = at_once(3)}, flaky{calls, 3}));
  pool.wait_idle();
  CHECK(unobserved == 0);
  calls = 0;
  static_cast<void>(pool.submit({.retry = at_once(3)}, flaky{calls, 9}));
  CHECK(eventually([&] { return unobserved == 1; }));
}

TEST_CASE("who waits inside the pool runs attempts itself, and a cancel in any moment leaves one outcome", "[retry]") {
  pool_of_lanes pool{2};
  auto outer = pool.submit([&] {
    std::atomic<unsigned> calls{0};
    return pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 1ms}}}, flaky{calls, 3}).get();
  });
  CHECK(outer.get() == 3);
  constexpr std::uint64_t before = 4;  // the outer one, and the attempts of the inner one
  constexpr int tasks = 2000;
  std::atomic<int> bodies{0};
  std::vector<wp::future<void>> all;
  for (int n = 0; n < tasks; ++n) {
    all.push_back(pool.submit({.retry = at_once(4)}, [&] {
      ++bodies;
      throw std::runtime_error("no");
    }));
  }
  for (auto& one : all) one.cancel();
  for (auto& one : all) {
    one.wait();
    CHECK((one.outcome() == wp::outcome::cancelled || one.outcome() == wp::outcome::failed));
  }
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.failed + now.cancelled == tasks);
  CHECK(static_cast<std::uint64_t>(bodies.load()) == now.started + now.retried - before);
  check_balance(now);
}

TEST_CASE("every worker waits for a task that comes back later, and runs it when its time has come", "[retry]") {
  pool_of_lanes pool{2};
  std::vector<wp::future<unsigned>> outer;
  for (int n = 0; n < 8; ++n) {
    outer.push_back(pool.submit([&] {
      std::atomic<unsigned> calls{0};
      return pool.submit({.retry = {.max_attempts = 3, .backoff = {.initial = 5ms}}}, flaky{calls, 3}).get();
    }));
  }
  for (auto& one : outer) CHECK(one.get() == 3);
  auto bulk = pool.submit([&] {
    std::atomic<unsigned> calls{0};
    pool.submit_bulk({.retry = {.max_attempts = 3, .backoff = {.initial = 2ms}}}, 8,
                     [&](std::size_t i) {
                       ++calls;
                       if (wp::this_worker::attempt() <= i % 3) throw std::runtime_error("again");
                     })
        .get();
    return calls.load();
  });
  CHECK(bulk.get() == 15);
}

TEST_CASE("one worker without spares runs all attempts of what it waits for", "[retry]") {
  pool_of_lanes pool{{.workers = 1, .max_overrun = 0}};
  for (const wp::duration pause : {wp::duration(0ns), wp::duration(3ms)}) {
    auto outer = pool.submit([&] {
      std::atomic<unsigned> calls{0};
      return pool.submit({.retry = {.max_attempts = 4, .backoff = {.initial = pause}}}, flaky{calls, 4}).get();
    });
    CHECK(outer.get() == 4);
  }
}

TEST_CASE("a task that ends the thread of the submitter who runs it takes nothing with it", "[retry][shutdown]") {
  pool_of_lanes pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::caller_runs}}};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.post([] {});
  std::atomic<unsigned> calls{0};
  std::thread([&] {
    pool.post({.retry = at_once(2)}, [&] {
      if (++calls == 1) ::pthread_exit(nullptr);
    });
  }).join();
  CHECK(calls == 1);
  held.open();
  pool.wait_idle();
  CHECK(calls == 2);
  check_balance(pool.stats());
}  // and ends

TEST_CASE("a cancel is never too late for what is not over", "[retry]") {
  pool_of_lanes pool{2};
  for (int round = 0; round < 500; ++round) {
    std::atomic<unsigned> calls{0};
    auto one = pool.submit({.retry = at_once(100'000)}, flaky{calls, 1'000'000});
    while (calls.load() < 2) std::this_thread::yield();
    CHECK(one.cancel() != wp::cancel_result::too_late);
    one.wait();
    REQUIRE(calls < 90'000);
  }
}

TEST_CASE("what comes back at once does not keep others waiting", "[retry]") {
  const auto run = [](auto& pool) {
    std::atomic<bool> over{false};
    auto again = pool.submit({.retry = at_once(1'000'000)}, [&] {
      if (!over) throw std::runtime_error("again");
    });
    pool.submit([] {}).get();
    pool.submit({.priority = wp::priority::low}, [] {}).get();
    over = true;
    again.get();
  };
  pool_of_lanes lanes{1};
  run(lanes);
  pool_with_strategy chosen{1};
  run(chosen);
}

TEST_CASE("a cancel after the timeout of an attempt settles the task, though the body goes on", "[retry][timeout]") {
  pool_of_lanes pool{1};
  gate held;
  auto one = pool.submit({.timeout = 5ms, .retry = at_once(3)}, [&](std::stop_token stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
    held.wait();
  });
  held.await_arrivals(1);
  CHECK(one.cancel() == wp::cancel_result::stop_requested);
  CHECK_THROWS_AS(one.get(), wp::task_timeout);
  CHECK(pool.stats().overrunning == 1);
  held.open();
  pool.wait_idle();
  CHECK(pool.stats().late_results == 1);
  check_balance(pool.stats());
}

TEST_CASE("who was told an outcome is not asked about another attempt", "[retry]") {
  pool_of_lanes pool{1};
  std::atomic<int> asked{0};
  wp::retry_options options = at_once(3);
  options.when = [&](std::exception_ptr) { return ++asked != 0; };
  gate held;
  auto late = pool.submit({.timeout = 5ms, .expires_after = 1s, .retry = options}, [&] {
    held.wait();
    throw std::runtime_error("late");
  });
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  held.open();
  pool.wait_idle();
  gate running;
  auto cancelled = pool.submit({.retry = options}, [&] {
    running.wait();
    throw std::runtime_error("own error");
  });
  running.await_arrivals(1);
  cancelled.cancel();
  running.open();
  CHECK_THROWS_WITH(cancelled.get(), "own error");
  CHECK(asked == 0);
}

TEST_CASE("the captures of a posted task are gone when its error is reported, also where the breaker ended it",
          "[retry][breaker]") {
  auto captured = std::make_shared<int>(1);  // not const: moving the callable is to empty it
  std::atomic<long> alive{-1};
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1h});
  pool_of_lanes pool{{.workers = 1, .uncaught_handler = [&](const std::exception_ptr&, wp::task_id) {
                        alive = captured.use_count();
                      }}};
  pool.post({.retry = at_once(3), .breaker = &breaker}, [captured] { throw std::runtime_error("down"); });
  pool.wait_idle();
  CHECK(alive == 1);
}

TEST_CASE("the books never contradict themselves while tasks come and go and come back", "[retry]") {
  pool_of_lanes pool{2};
  std::atomic<bool> over{false};
  std::atomic<int> wrong{0};
  std::jthread reader([&] {
    while (!over) {
      const wp::pool_stats now = pool.stats();
      const std::uint64_t settled = now.completed + now.failed + now.cancelled + now.expired + now.timed_out +
                                    now.worker_lost + now.discarded + now.pool_broken;
      const bool sums = now.accepted == settled + now.queued + now.delayed + now.running;
      const bool sane = now.queued <= 3000 && now.delayed <= 3000 && now.running <= 3000;
      if (!sums || !sane || settled > now.accepted || now.accepted > now.submitted) ++wrong;
    }
  });
  for (int round = 0; round < 10; ++round) {
    std::vector<wp::future<void>> all;
    for (int n = 0; n < 200; ++n) {
      wp::retry_options options = at_once(3);
      if (n % 2 == 0) options.backoff.initial = 100us;
      all.push_back(pool.submit({.retry = options}, [n] {
        if (wp::this_worker::attempt() < static_cast<unsigned>(n % 4)) throw std::runtime_error("again");
      }));
    }
    for (auto& one : all) one.wait();
  }
  over = true;
  reader.join();
  CHECK(wrong == 0);
  pool.wait_idle();
  check_balance(pool.stats());
}
