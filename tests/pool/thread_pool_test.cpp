#include <workpool/pool/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <ctime>
#include <latch>
#include <memory>
#include <thread>
#include <vector>
#include <workpool/config.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

/// The endings of a pool: shutdown, destruction, and what races with them.

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

double cpu_seconds() {
  std::timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

TEST_CASE("the destructor runs everything that was accepted", "[ending]") {
  std::atomic<int> ran{0};
  {
    wp::thread_pool pool{2};
    for (int n = 0; n < 10'000; ++n) pool.post([&] { ++ran; });
  }
  CHECK(ran == 10'000);
}

TEST_CASE("the destructor resumes a paused pool and runs what waits", "[ending]") {
  std::atomic<int> ran{0};
  {
    wp::thread_pool pool{2};
    pool.pause();
    for (int n = 0; n < 100; ++n) pool.post([&] { ++ran; });
  }
  CHECK(ran == 100);
}

TEST_CASE("shutdown drains, reports, and can be said again", "[ending]") {
  wp::thread_pool pool{2};
  auto before = pool.submit([] {});
  before.get();
  std::vector<wp::future<int>> results;
  pool.pause();
  for (int n = 0; n < 50; ++n) results.push_back(pool.submit([n] { return n; }));
  const wp::shutdown_report report = pool.shutdown();
  CHECK(report.completed == 50);
  CHECK(report.discarded == 0);
  CHECK_FALSE(report.forced);
  for (int n = 0; n < 50; ++n) CHECK(results[static_cast<std::size_t>(n)].get() == n);
  CHECK_THROWS_AS(pool.submit([] {}), wp::pool_stopped);
  CHECK(pool.try_submit([] {}).error() == wp::errc::pool_stopped);
  CHECK(pool.shutdown().completed == 0);
  CHECK(pool.stats().rejected == 2);
  CHECK(pool.stats().workers == 0);
}

TEST_CASE("shutdown with discard settles what waits and lets what runs end", "[ending]") {
  wp::thread_pool pool{1};
  gate held;
  auto running = pool.submit([&] {
    held.wait();
    return 1;
  });
  held.await_arrivals(1);
  auto waiting = pool.submit([] { return 2; });
  std::thread opener([&] {
    waiting.wait();  // discarded before the running one is over
    held.open();
  });
  const wp::shutdown_report report = pool.shutdown({.pending = wp::pending::discard});
  opener.join();
  CHECK(report.discarded == 1);
  CHECK(report.completed == 1);
  CHECK(running.get() == 1);
  CHECK_THROWS_AS(waiting.get(), wp::task_discarded);
}

TEST_CASE("a paused pool that is shut down with discard starts nothing", "[ending]") {
  wp::thread_pool pool{2};
  pool.pause();
  std::atomic<int> ran{0};
  std::vector<wp::future<void>> waiting;
  for (int n = 0; n < 100; ++n) waiting.push_back(pool.submit([&] { ++ran; }));
  CHECK(pool.shutdown({.pending = wp::pending::discard}).discarded == 100);
  CHECK(ran == 0);
}

TEST_CASE("drain 0 waits for nothing that is queued", "[ending]") {
  wp::thread_pool pool{1};
  pool.pause();
  auto waiting = pool.submit([] {});
  const wp::shutdown_report report = pool.shutdown({.drain = 0ns});
  CHECK(report.discarded == 1);
  CHECK(waiting.outcome() == wp::outcome::discarded);
}

TEST_CASE("a forced shutdown settles the running body as cancelled and abandons its thread", "[ending]") {
  auto held = std::make_shared<gate>();
  wp::future<int> stuck;
  wp::shutdown_report report;
  std::atomic<bool> asked_to_stop{false};
  {
    wp::thread_pool pool{2};
    stuck = pool.submit([held, &asked_to_stop](std::stop_token stop) {
      const std::stop_callback note(stop, [&] { asked_to_stop = true; });
      held->wait();
      return 1;
    });
    held->await_arrivals(1);
    report = pool.shutdown({.drain = 1ms});
    CHECK(stuck.outcome() == wp::outcome::cancelled);
    CHECK(pool.stats().overrunning == 1);
    CHECK(pool.stats().running == 0);
    CHECK(pool.stats().cancelled == 1);
  }  // the destructor does not wait for the abandoned body
  CHECK(report.forced);
  CHECK(report.abandoned == 1);
  CHECK(asked_to_stop);
  CHECK_THROWS_AS(stuck.get(), wp::task_cancelled);
  held->open();
  REQUIRE(eventually([&] { return held.use_count() == 1; }));  // the body's captures die when it returns
}

TEST_CASE("without force shutdown returns and the body finishes in its own time", "[ending]") {
  wp::thread_pool pool{1};
  gate held;
  auto slow = pool.submit([&] {
    held.wait();
    return 1;
  });
  held.await_arrivals(1);
  const wp::shutdown_report report = pool.shutdown({.drain = 1ms, .force = false});
  CHECK_FALSE(report.forced);
  CHECK(report.abandoned == 0);
  CHECK_FALSE(slow.ready());
  held.open();
  CHECK(slow.get() == 1);
}

TEST_CASE("a forced shutdown also settles tasks that run on threads of others", "[ending]") {
  wp::thread_pool pool{1};
  pool.pause();
  auto held = std::make_shared<gate>();
  auto borrowed = pool.submit([held] { held->wait(); });
  wp::future<void>* shared = &borrowed;
  std::thread guest([&] {
    try {
      shared->get(wp::help);
    } catch (const wp::task_cancelled&) {
    }
  });
  held->await_arrivals(1);
  const wp::shutdown_report report = pool.shutdown({.drain = 1ms});
  CHECK(report.abandoned == 1);
  held->open();
  guest.join();
  CHECK(pool.stats().late_results == 1);
}

TEST_CASE("shutdown from a task begins it and returns", "[ending]") {
  wp::thread_pool pool{1};
  auto closes = pool.submit([&pool] {
    pool.shutdown();
    return pool.try_submit([] {}).error();
  });
  CHECK(closes.get() == wp::errc::pool_stopped);
}

TEST_CASE("several threads may shut a pool down at the same time", "[ending]") {
  for (int round = 0; round < 50; ++round) {
    wp::thread_pool pool{2};
    std::atomic<int> ran{0};
    for (int n = 0; n < 20; ++n) pool.post([&] { ++ran; });
    std::vector<std::thread> closers;
    for (int n = 0; n < 4; ++n) closers.emplace_back([&] { pool.shutdown(); });
    for (auto& one : closers) one.join();
    REQUIRE(ran == 20);
  }
}

TEST_CASE("submit racing shutdown is rejected or gets its outcome, never neither", "[ending]") {
  for (int round = 0; round < 300; ++round) {
    wp::thread_pool pool{2};
    std::atomic<int> ran{0};
    std::atomic<int> accepted{0}, rejected{0};
    std::latch ready{3};
    std::vector<std::thread> producers;
    for (int thread = 0; thread < 2; ++thread) {
      producers.emplace_back([&] {
        ready.arrive_and_wait();
        for (int n = 0; n < 200; ++n) {
          try {
            pool.post([&] { ++ran; });
            ++accepted;
          } catch (const wp::pool_stopped&) {
            ++rejected;
          }
        }
      });
    }
    ready.arrive_and_wait();
    pool.shutdown();
    for (auto& one : producers) one.join();
    REQUIRE(ran == accepted);
    REQUIRE(accepted + rejected == 400);
    const wp::pool_stats now = pool.stats();
    REQUIRE(now.accepted == static_cast<std::uint64_t>(accepted));
    REQUIRE(now.completed == now.accepted);
  }
}

TEST_CASE("producers blocked in submit are told when the pool is shut down", "[ending]") {
  wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1}}};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.post([] {});
  std::atomic<int> told{0};
  std::vector<std::thread> producers;
  for (int n = 0; n < 3; ++n) {
    producers.emplace_back([&] {
      try {
        pool.post([] {});
      } catch (const wp::pool_stopped&) {
        ++told;
      }
    });
  }
  std::thread closer([&] { pool.shutdown(); });
  for (auto& one : producers) one.join();  // before the worker has made any room
  CHECK(told == 3);
  held.open();
  closer.join();
}

TEST_CASE("the last owner of a pool may be one of its tasks", "[ending]") {
  std::latch done{1};
  {
    auto pool = std::make_shared<wp::thread_pool>(2);
    pool->post([pool, &done] {
      struct at_end {
        std::latch& over;
        ~at_end() { over.count_down(); }
      } const last{done};
    });
  }
  done.wait();
}

TEST_CASE("a million waiting tasks are discarded within two seconds", "[ending]") {
  std::vector<wp::future<void>> waiting;
  waiting.reserve(1'000'000);
  wp::thread_pool pool{2};
  pool.pause();
  for (int n = 0; n < 1'000'000; ++n) waiting.push_back(pool.submit([] {}));
  const double before = cpu_seconds();  // of the processor, so that a busy machine is not the pool's fault
  const wp::shutdown_report report = pool.shutdown({.pending = wp::pending::discard});
  const double took = cpu_seconds() - before;
  CHECK(report.discarded == 1'000'000);
#if defined(__OPTIMIZE__) && !WORKPOOL_UNDER_TSAN && !WORKPOOL_UNDER_ASAN  // the promise is one of optimised builds
  CHECK(took < 2.0);
#endif
  INFO("discarded in " << took << " s of processor time");
  std::size_t settled = 0;
  for (const auto& one : waiting) settled += one.outcome() == wp::outcome::discarded ? 1U : 0U;
  CHECK(settled == 1'000'000);
}

TEST_CASE("an idle or paused pool burns no processor time", "[ending]") {
  wp::thread_pool pool{4};
  pool.wait_idle();
  REQUIRE(eventually([&] { return pool.stats().workers_by_state[1] == 4; }));
  const auto measure = [] {
    const double before = cpu_seconds();
    std::this_thread::sleep_for(300ms);  // the span that is measured, not a way to synchronise
    return cpu_seconds() - before;
  };
  CHECK(measure() < 0.03);
  pool.pause();
  for (int n = 0; n < 100; ++n) pool.post([] {});
  CHECK(measure() < 0.03);
  pool.resume();
}

TEST_CASE("a thousand pools come and go", "[ending]") {
  std::atomic<int> ran{0};
  for (int round = 0; round < 1000; ++round) {
    wp::thread_pool pool{2};
    pool.post([&] { ++ran; });
  }
  CHECK(ran == 1000);
}

TEST_CASE("a future outlives its pool", "[ending]") {
  wp::future<int> result;
  wp::future<void> failed;
  {
    wp::thread_pool pool{1};
    result = pool.submit([] { return 5; });
    failed = pool.submit([] { throw 1; });
  }
  CHECK(result.cancel() == wp::cancel_result::too_late);
  CHECK(result.get() == 5);
}
