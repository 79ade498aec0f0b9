#include <workpool/pool/basic_thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {
using pool_type = wp::basic_thread_pool<>;
}

TEST_CASE("a pool of a range starts with its least, grows while there is work, and shrinks when idle", "[scaling]") {
  pool_type pool{{.workers = {1, 4}, .idle_timeout = 5ms}};
  CHECK(pool.stats().workers == 1);
  gate held;
  for (int n = 0; n < 6; ++n) pool.post([&] { held.wait(); });
  held.await_arrivals(4);  // four run at the same time
  CHECK(pool.stats().workers == 4);
  CHECK(pool.stats().queued == 2);
  held.open();
  pool.wait_idle();
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
  CHECK(pool.workers().size() == 1);
  CHECK(pool.submit([] { return 1; }).get() == 1);
}

TEST_CASE("workers above the least stay while they are needed", "[scaling]") {
  pool_type pool{{.workers = {1, 3}, .idle_timeout = wp::duration::max()}};
  gate held;
  for (int n = 0; n < 3; ++n) pool.post([&] { held.wait(); });
  held.await_arrivals(3);
  held.open();
  pool.wait_idle();
  CHECK_FALSE(eventually([&] { return pool.stats().workers != 3; }, 20ms));
}

TEST_CASE("a pool that waited paused grows when it is resumed", "[scaling]") {
  gate held;
  pool_type pool{{.workers = {1, 3}}};
  pool.pause();
  for (int n = 0; n < 3; ++n) pool.post([&] { held.wait(); });
  CHECK(pool.stats().workers == 1);
  pool.resume();
  held.await_arrivals(3);
  held.open();
}

TEST_CASE("resize of a paused pool is exact as well", "[scaling]") {
  pool_type pool{4};
  pool.pause();
  pool.resize(1);
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
  pool.resize(3);
  CHECK(eventually([&] { return pool.stats().workers == 3; }));
  std::atomic<int> ran{0};
  for (int n = 0; n < 10; ++n) pool.post([&] { ++ran; });
  pool.resume();
  pool.wait_idle();
  CHECK(ran == 10);
}

TEST_CASE("a worker that is too many ends its task first, and nothing that waits is lost", "[scaling]") {
  pool_type pool{3};
  gate held;
  std::vector<wp::future<int>> results;
  for (int n = 0; n < 3; ++n) {
    results.push_back(pool.submit([&, n] {
      held.wait();
      return n;
    }));
  }
  held.await_arrivals(3);
  for (int n = 3; n < 100; ++n) results.push_back(pool.submit([n] { return n; }));
  pool.resize(1);
  held.open();
  for (int n = 0; n < 100; ++n) CHECK(results[static_cast<std::size_t>(n)].get() == n);
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
}

TEST_CASE("a task may resize its own pool", "[scaling]") {
  pool_type pool{2};
  pool.submit([&] { pool.resize(4); }).get();
  CHECK(eventually([&] { return pool.stats().workers == 4; }));
  pool.submit([&] { pool.resize(1); }).get();
  CHECK(eventually([&] { return pool.stats().workers == 1; }));
}

TEST_CASE("workers run where and as nice as they are told", "[scaling]") {
  int allowed = 0;
  while (!wp::detail::may_run_on(allowed)) ++allowed;
  const int nice = std::min(19, ::getpriority(PRIO_PROCESS, 0) + 3);
  pool_type pool{{.workers = 1, .cpus = {allowed}, .nice = nice}};
  const auto [cpu, count, niceness] =
      pool.submit([] {
            cpu_set_t set;
            ::sched_getaffinity(0, sizeof set, &set);
            const auto me = static_cast<id_t>(::syscall(SYS_gettid));
            return std::tuple(::sched_getcpu(), CPU_COUNT(&set), ::getpriority(PRIO_PROCESS, me));
          })
          .get();
  CHECK(cpu == allowed);
  CHECK(count == 1);
  CHECK(niceness == nice);
}

TEST_CASE("the destructor does not wait for a body that overruns its timeout", "[ending]") {
  auto held = std::make_shared<gate>();
  wp::future<void> late;
  {
    pool_type pool{1};
    late = pool.submit({.timeout = 1ms}, [held] { held->wait(); });
    held->await_arrivals(1);
    late.wait();
  }
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  held->open();
  CHECK(eventually([&] { return held.use_count() == 1; }));
}

TEST_CASE("a pool whose last owner is one of its tasks still keeps times and runs what is due later", "[ending]") {
  auto ran = std::make_shared<std::atomic<int>>(0);
  wp::future<void> late, stale;
  auto held = std::make_shared<gate>();
  {
    auto pool = std::make_shared<pool_type>(std::size_t{1});
    pool->post_after(20ms, [ran] { ++*ran; });
    late = pool->submit({.timeout = 5ms}, [held] { held->wait(); });
    stale = pool->submit({.expires_after = 0ns}, [] {});
    pool->post([pool, ran]() mutable {
      pool.reset();
      ++*ran;
    });
  }
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  CHECK_THROWS_AS(stale.get(), wp::task_expired);
  held->open();
  CHECK(eventually([&] { return *ran == 2; }));
  CHECK(eventually([&] { return ran.use_count() == 1; }));
}

TEST_CASE("a pool may be destroyed by a handler that its own timer calls", "[ending]") {
  gate submitted;
  auto pool = std::make_unique<pool_type>(std::size_t{1});
  std::atomic<bool> destroyed{false};
  const auto watch = pool->on_event<wp::event::task_settled>([&](const wp::event::task_settled& news) {
    if (news.outcome != wp::outcome::expired) return;
    submitted.wait();  // nobody else uses the pool any more
    pool.reset();
    destroyed = true;
  });
  pool->pause();
  auto stale = pool->submit({.expires_after = 5ms}, [] {});
  submitted.open();
  CHECK(eventually([&] { return destroyed.load(); }));
  CHECK_THROWS_AS(stale.get(), wp::task_expired);
}

TEST_CASE("work that came while the pool was paused makes a pool of a range grow when it is resumed", "[scaling]") {
  gate held;
  pool_type pool{{.workers = {1, 2}}};
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  REQUIRE(eventually([&] { return pool.stats().queued == 0; }));
  pool.pause();
  pool.post([&] { held.open(); });  // the first task waits for this one
  pool.resume();
  pool.wait_idle();
  CHECK(pool.stats().completed == 2);
}

TEST_CASE("work that waits makes a pool grow as soon as its range allows it", "[scaling]") {
  pool_type pool{1};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.post([&] { held.open(); });
  pool.resize({1, 2});
  pool.wait_idle();
  CHECK(pool.stats().completed == 2);
}

TEST_CASE("a worker that leaves just when work comes leaves nobody waiting who could have been started", "[scaling]") {
  pool_type pool{{.workers = {1, 2}, .idle_timeout = 20us}};
  for (int turn = 0; turn < 2'000; ++turn) {
    gate held;
    auto first = pool.submit([&] { held.wait(); });
    held.await_arrivals(1);
    pool.submit([] {}).get();  // the second worker, which idles from here on
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(turn % 100);
    while (std::chrono::steady_clock::now() < until) std::this_thread::yield();
    auto second = pool.submit([&] { held.open(); });
    first.get();
    second.get();
  }
  CHECK(pool.stats().completed == 6'000);
}

TEST_CASE("wait_idle ends on a paused pool when its last task does", "[scaling]") {
  pool_type pool{1};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.pause();
  std::thread waiter([&] { pool.wait_idle(); });
  std::this_thread::yield();
  held.open();
  waiter.join();
  CHECK(pool.paused());
  CHECK(pool.stats().completed == 1);
}

TEST_CASE("a task that waits for another one of a paused pool is let go by the pool's end", "[scaling]") {
  gate held;
  wp::future<int> inner, outer;
  {
    pool_type pool{1};
    outer = pool.submit([&] {
      held.wait();
      return inner.get() + 1;
    });
    held.await_arrivals(1);
    inner = pool.submit([] { return 1; });
    pool.pause();
    held.open();
    for (int turn = 0; turn < 1'000; ++turn) std::this_thread::yield();  // most likely it waits by now
  }
  CHECK(outer.get() == 2);
}

TEST_CASE("handlers may pause the pool, also several at a time and on its own workers", "[scaling]") {
  pool_type pool{2};
  std::atomic<int> calls{0};
  const auto pause = [&](const auto&) {
    pool.pause();
    ++calls;
  };
  auto one = pool.on_event<wp::event::task_settled>(pause);
  auto other = pool.on_event<wp::event::task_settled>(pause);
  for (int turn = 0; turn < 100; ++turn) {
    auto first = pool.submit([] {});
    auto second = pool.submit([] {});
    while (!first.ready() || !second.ready()) pool.resume();
    REQUIRE(eventually([&] { return calls == 4 * (turn + 1); }));
    pool.resume();
  }
  one.cancel();
  other.cancel();
  CHECK(pool.stats().completed == 200);
}

TEST_CASE("a pool whose shutdown has begun cannot be paused any more", "[scaling]") {
  pool_type pool{1};
  gate held;
  auto running = pool.submit([&] {
    pool.shutdown();  // from a task: it only begins
    held.wait();
  });
  held.await_arrivals(1);
  pool.pause();
  CHECK_FALSE(pool.paused());
  held.open();
  running.get();
}

TEST_CASE("a body that ends its thread long after the pool does no harm", "[ending]") {
  const auto held = std::make_shared<gate>();
  const auto over = std::make_shared<std::atomic<int>>(0);
  {
    pool_type pool{{.workers = 1, .on_stop = [over](wp::worker_id) { ++*over; }}};
    auto late = pool.submit({.timeout = 1ms}, [held] {
      held->wait();
      ::pthread_exit(nullptr);
    });
    held->await_arrivals(1);
    late.wait();
  }
  held->open();
  CHECK(eventually([&] { return *over == 2; }));  // of the lost worker and of its successor
  CHECK(eventually([&] { return over.use_count() == 1; }));
}

TEST_CASE("a pool that was made larger has as many spares as workers, unless it was told how many", "[scaling]") {
  for (const std::optional<std::size_t> told : {std::optional<std::size_t>(), std::optional<std::size_t>(1)}) {
    pool_type pool{{.workers = 1, .max_overrun = told}};
    pool.resize(3);
    gate held, stand_ins;
    std::vector<wp::future<void>> late;
    for (int n = 0; n < 3; ++n) late.push_back(pool.submit({.timeout = 1ms}, [&] { held.wait(); }));
    for (auto& one : late) CHECK_THROWS_AS(one.get(), wp::task_timeout);
    for (int n = 0; n < 3; ++n) pool.post([&] { stand_ins.wait(); });
    const int expected = told ? 1 : 3;
    stand_ins.await_arrivals(expected);
    CHECK(pool.stats().workers == 3 + static_cast<std::size_t>(expected));
    stand_ins.open();
    held.open();
    pool.wait_idle();
  }
}
