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
  pool_type pool{{.workers = {1, 3}}};
  pool.pause();
  gate held;
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
  auto pool = std::make_unique<pool_type>(std::size_t{1});
  std::atomic<bool> destroyed{false};
  const auto watch = pool->on_event<wp::event::task_settled>([&](const wp::event::task_settled& news) {
    if (news.outcome != wp::outcome::expired) return;
    pool.reset();
    destroyed = true;
  });
  pool->pause();
  auto stale = pool->submit({.expires_after = 5ms}, [] {});
  CHECK(eventually([&] { return destroyed.load(); }));
  CHECK_THROWS_AS(stale.get(), wp::task_expired);
}
