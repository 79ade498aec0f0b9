#include <workpool/pool/basic_thread_pool.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"
#include "support/lost_worker.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <pthread.h>
#include <workpool/algorithm/for_each.hpp>
#include <workpool/algorithm/parallel_invoke.hpp>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/select/least_busy.hpp>
#include <workpool/select/random.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>
#include <workpool/worker/this_worker.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

using turns = wp::basic_thread_pool<wp::select::round_robin>;
using weights = wp::basic_thread_pool<wp::select::weighted_round_robin>;
using keys = wp::basic_thread_pool<wp::select::sticky>;

template <class Pool>
void await_ready(const Pool& pool) {
  REQUIRE(eventually([&] {
    const auto all = pool.workers();
    return std::all_of(all.begin(), all.end(), [](const auto& one) { return one.state == wp::worker_state::idle; });
  }));
}

/// On a worker; a pool that does not share as it should fails its test, and does not hang.
template <class Condition>
void await(Condition condition) {
  const wp::time_point limit = wp::steady::now() + 10s;
  while (!condition() && wp::steady::now() < limit) std::this_thread::yield();
}

std::thread::id me() { return std::this_thread::get_id(); }

/// What each worker has completed.
template <class Pool>
std::vector<std::uint64_t> completed(const Pool& pool) {
  std::vector<std::uint64_t> all;
  for (const wp::worker_info& one : pool.workers()) all.push_back(one.completed);
  return all;
}

/// A strategy of a user's: always the same worker, from which nobody takes what has a key, however long it is off its
/// core.
struct always {
  static constexpr bool pins_keys = true;
  std::size_t index;
  std::optional<std::size_t> select(std::span<const wp::worker_view>, const wp::task_view&) const noexcept {
    return index;
  }
};

}  // namespace

TEST_CASE("tasks go round the workers", "[selection]") {
  turns pool(3);
  await_ready(pool);
  std::array<std::atomic<int>, 3> done{};
  // As below: nobody gets ahead of his share.
  const auto in_step = [&done] {
    const wp::worker_id mine = wp::this_worker::id();
    for (const std::atomic<int>& each : done) await([&] { return each >= done[mine]; });
    ++done[mine];
  };
  pool.pause();
  for (int n = 0; n < 30; ++n) pool.post(in_step);
  pool.resume();
  pool.wait_idle();
  for (const std::uint64_t each : completed(pool)) CHECK(each >= 9);  // 10, but for the last one
}

TEST_CASE("weights are kept, also of a burst", "[selection]") {
  weights pool({.workers = 2}, wp::select::weighted_round_robin({3, 1}));
  await_ready(pool);
  std::array<std::atomic<int>, 2> done{};
  // Neither gets ahead of its share, or it would be idle and take what the other one, off its core, does not get to.
  const auto in_step = [&done] {
    const wp::worker_id mine = wp::this_worker::id();
    const int least = mine == 0 ? done[0] / 3 : done[1] * 3;  // of the other one
    await([&] { return done[1 - mine] >= least; });
    ++done[mine];
  };
  pool.pause();  // all of it waits before the first one runs
  for (int n = 0; n < 400; ++n) pool.post(in_step);
  pool.resume();
  pool.wait_idle();
  // 300 and 100, but for the last of one when the other has ended.
  CHECK(completed(pool)[0] >= 297);
  CHECK(completed(pool)[1] >= 99);
}

TEST_CASE("weights change while the pool runs, and weight 0 takes nothing", "[selection]") {
  weights pool({.workers = 2}, wp::select::weighted_round_robin({1, 0}));
  await_ready(pool);
  for (int n = 0; n < 100; ++n) pool.post([] {});
  pool.wait_idle();
  CHECK(completed(pool) == std::vector<std::uint64_t>{100, 0});
  pool.with_selection([](wp::select::weighted_round_robin& all) { all.set_weights({0, 1}); });
  for (int n = 0; n < 50; ++n) pool.post([] {});
  pool.wait_idle();
  CHECK(completed(pool) == std::vector<std::uint64_t>{100, 50});
  CHECK_THROWS_AS(pool.with_selection([](auto& all) { all.set_weights({}); }), wp::bad_config);
}

TEST_CASE("a worker of weight 0 does not take what another does not get to", "[selection]") {
  weights pool({.workers = 2}, wp::select::weighted_round_robin({1, 0}));
  await_ready(pool);
  gate held;
  auto first = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  auto second = pool.submit([] { return me(); });
  CHECK(second.wait_for(20ms) == std::future_status::timeout);
  held.open();
  second.get();
  CHECK(completed(pool) == std::vector<std::uint64_t>{2, 0});
}

TEST_CASE("what waits behind a long task is run by a worker that is idle", "[selection]") {
  gate held;
  turns pool(2);
  await_ready(pool);
  std::vector<wp::future<void>> long_one;
  long_one.push_back(pool.submit([&] { held.wait(); }));
  held.await_arrivals(1);
  std::vector<wp::future<int>> rest;
  for (int n = 0; n < 20; ++n) rest.push_back(pool.submit([n] { return n; }));
  for (int n = 0; n < 20; ++n) CHECK(rest[static_cast<std::size_t>(n)].get() == n);  // while the first one is held
  held.open();
}

TEST_CASE("one key is run by one worker, also where that one is busy and another idle", "[selection]") {
  keys pool(4);
  await_ready(pool);
  std::mutex mutex;
  std::map<std::uint64_t, std::set<std::thread::id>> threads;
  std::vector<wp::future<void>> all;
  for (std::uint64_t n = 0; n < 200; ++n) {
    const std::uint64_t key = 1 + n % 10;
    all.push_back(pool.submit({.key = key}, [&, key] {
      for (int turn = 0; key == 1 && turn < 100; ++turn) std::this_thread::yield();
      const std::lock_guard hold(mutex);
      threads[key].insert(me());
    }));
  }
  for (auto& one : all) one.get();
  CHECK(threads.size() == 10);
  for (const auto& [key, seen] : threads) CHECK(seen.size() == 1);
}

TEST_CASE("a strategy of one's own decides", "[selection]") {
  wp::basic_thread_pool<always> pool({.workers = 3}, always{1});
  await_ready(pool);
  for (int n = 0; n < 100; ++n) pool.post({.key = 1}, [] {});
  pool.wait_idle();
  CHECK(completed(pool) == std::vector<std::uint64_t>{0, 100, 0});
  CHECK(pool.stats().strategy_faults == 0);
}

TEST_CASE("a strategy that answers out of range is counted and told once a second, and no task is lost",
          "[selection]") {
  workpool_test::told<wp::event::strategy_fault> told;
  wp::basic_thread_pool<always> pool({.workers = 2}, always{9});
  await_ready(pool);
  const auto heard = pool.on_event<wp::event::strategy_fault>(told.ear());
  for (int n = 0; n < 100; ++n) pool.post([] {});
  pool.wait_idle();
  CHECK(pool.stats().strategy_faults == 100);
  CHECK(pool.stats().completed == 100);
  const auto faults = told.await(1);  // perhaps by a worker that has found nothing to run
  REQUIRE_FALSE(faults.empty());
  CHECK(faults[0].what ==
        "the selection strategy answered 9, and 2 workers could be picked; round robin picked in its place");
}

TEST_CASE("a critical task overtakes what waits for its worker", "[selection]") {
  turns pool(1);
  gate held;
  auto first = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  std::vector<int> order;
  for (int n = 0; n < 10; ++n) pool.post({.priority = wp::priority::low}, [&order, n] { order.push_back(n); });
  auto urgent = pool.submit({.priority = wp::priority::critical}, [&order] { order.push_back(-1); });
  held.open();
  pool.wait_idle();
  CHECK(order == std::vector<int>{-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("a task that waits for one that waits for its own worker runs it", "[selection]") {
  turns pool(1);
  CHECK(pool.submit([&] { return pool.submit([] { return 7; }).get(); }).get() == 7);
}

TEST_CASE("while a worker waits in the middle of a task, its stand-in runs what waits for it", "[selection]") {
  turns pool({.workers = 1, .max_overrun = 1});
  wp::thread_pool other(1);
  gate held;
  pool.submit([&] {
        auto elsewhere = other.submit([&] { held.wait(); });
        pool.post([&] { held.open(); });
        elsewhere.get();
      })
      .get();
  pool.wait_idle();
  CHECK(pool.stats().completed == 2);
}

TEST_CASE("a worker that a task ended loses nothing of what waits for it", "[selection]") {
  turns pool(2);
  await_ready(pool);
  gate held;
  auto lost = pool.submit([&] {
    held.wait();
    pthread_exit(nullptr);
  });
  held.await_arrivals(1);
  std::vector<wp::future<int>> rest;
  for (int n = 0; n < 10; ++n) rest.push_back(pool.submit({.key = 1}, [n] { return n; }));
  held.open();
  for (int n = 0; n < 10; ++n) CHECK(rest[static_cast<std::size_t>(n)].get() == n);
  CHECK_THROWS_AS(lost.get(), wp::worker_lost);
}

TEST_CASE("a resize under load loses nothing, up and down", "[selection]") {
  turns pool(1);
  std::atomic<int> ran{0};
  for (int round = 0; round < 40; ++round) {
    for (int n = 0; n < 200; ++n) pool.post([&] { ++ran; });
    pool.resize(static_cast<std::size_t>(1 + round % 4));
  }
  pool.wait_idle();
  CHECK(ran == 8000);
}

TEST_CASE("a pool with a range grows for what its workers do not get to", "[selection]") {
  gate held;
  turns pool({.workers = {1, 3}});
  std::vector<wp::future<void>> all;
  for (int n = 0; n < 3; ++n) all.push_back(pool.submit([&] { held.wait(); }));
  held.await_arrivals(3);
  held.open();
  CHECK(pool.stats().workers == 3);
}

TEMPLATE_TEST_CASE("bulks, loops and forks run under a strategy", "[selection]", wp::select::round_robin,
                   wp::select::least_busy, wp::select::random, wp::select::sticky, wp::select::weighted_round_robin) {
  wp::basic_thread_pool<TestType> pool(3);
  std::atomic<int> ran{0};
  pool.submit_bulk(1000, [&](std::size_t) { ++ran; }).get();
  CHECK(ran == 1000);
  std::vector<int> numbers(1000, 1);
  wp::for_each(pool, numbers, [](int& n) { ++n; });
  CHECK(std::accumulate(numbers.begin(), numbers.end(), 0) == 2000);
  int left = 0, right = 0;
  pool.submit([&] {
        wp::parallel_invoke(
            pool, [&] { left = 1; }, [&] { right = 2; });
      })
      .get();
  CHECK(left + right == 3);
}

TEST_CASE("a purge takes what waits for workers, and a shutdown discards it", "[selection]") {
  turns pool(1);
  gate held;
  auto first = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  for (int n = 0; n < 10; ++n) pool.post([] { throw std::runtime_error("must not run"); });
  CHECK(pool.purge() == 10);
  for (int n = 0; n < 10; ++n) pool.post([] { throw std::runtime_error("must not run"); });
  std::thread ends([&] { pool.shutdown({.drain = 10s, .pending = wp::pending::discard}); });
  CHECK(eventually([&] { return pool.stats().discarded == 10; }));
  held.open();
  ends.join();
  CHECK(pool.stats().cancelled == 10);
  CHECK(pool.stats().failed == 0);
}

TEST_CASE("a bounded queue keeps its bound, also with tasks on their way to workers", "[selection]") {
  turns pool({.workers = 1, .queue = {.capacity = 3, .on_full = wp::on_full::reject}});
  gate held;
  auto first = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  for (int n = 0; n < 3; ++n) pool.post([] {});
  CHECK_THROWS_AS(pool.post([] {}), wp::queue_full);
  CHECK(pool.stats().queued == 3);
  held.open();
  pool.wait_idle();
}

TEST_CASE("what waits for its worker cannot be dropped, and a pool that would have to says so", "[selection]") {
  CHECK_THROWS_WITH(turns({.queue = {.capacity = 2, .on_full = wp::on_full::drop_oldest}}),
                    Catch::Contains("queue.on_full is drop_oldest") && Catch::Contains("select::first_idle"));
}

TEST_CASE("a submit while the only worker overruns is run by its stand-in", "[selection]") {
  turns pool({.workers = 1, .max_overrun = 1});
  const auto held = std::make_shared<gate>();  // its body outlives the pool
  auto late = pool.submit({.timeout = 1ms}, [held] { held->wait(); });
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  CHECK(pool.submit([] { return 7; }).get() == 7);
  held->open();
}

TEST_CASE("what waits behind a long task is found by a worker that was asleep before", "[selection]") {
  for (int round = 0; round < 20; ++round) {
    gate held;
    weights pool({.workers = 2}, wp::select::weighted_round_robin({5, 1}));
    await_ready(pool);
    auto first = pool.submit([&] { held.wait(); });
    held.await_arrivals(1);
    auto second = pool.submit([] { return 7; });
    CHECK(second.get() == 7);
    held.open();
  }
}

TEST_CASE("a table that gives weight to nobody who is there stops nothing", "[selection]") {
  weights pool({.workers = 2, .max_overrun = 0}, wp::select::weighted_round_robin({1, 0}));
  wp::thread_pool other(1);
  gate held;
  auto waits = pool.submit([&] {
    auto elsewhere = other.submit([&] { held.wait(); });
    pool.post([&] { held.open(); });
    elsewhere.get();
  });
  waits.get();
  pool.wait_idle();
  CHECK(pool.stats().completed == 2);
}

TEST_CASE("a strategy that submits into its own full queue is refused, and waits for nobody", "[selection]") {
  struct submits {
    std::optional<std::size_t> select(std::span<const wp::worker_view>, const wp::task_view&) {
      if (submit) refused = submit() || refused;
      return 0;
    }
    std::function<bool()> submit{};  // gives: whether there was no room
    bool refused = false;
  };
  wp::basic_thread_pool<submits> pool({.workers = 1, .queue = {.capacity = 1}});
  pool.with_selection([&](submits& mine) {
    mine.submit = [&pool] {
      try {
        pool.post([] {});
        return false;
      } catch (const wp::queue_full&) {
        return true;
      }
    };
  });
  gate held;
  auto first = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  pool.post([] {});
  held.open();
  first.get();
  bool refused = false;
  pool.with_selection([&](submits& mine) {
    refused = mine.refused;
    mine.submit = nullptr;
  });
  CHECK(refused);
}

TEST_CASE("what a use of the strategy has submitted before it threw is run", "[selection]") {
  turns pool(2);
  await_ready(pool);
  wp::future<int> one;
  CHECK_THROWS_AS(pool.with_selection([&](auto&) {
    one = pool.submit([] { return 7; });
    throw std::runtime_error("enough");
  }),
                  std::runtime_error);
  CHECK(one.get() == 7);
}

TEST_CASE("two pools may use one another's strategies", "[selection]") {
  turns one(1), other(1);
  wp::future<int> answer;
  one.with_selection([&](auto&) { other.with_selection([&](auto&) { answer = one.submit([] { return 7; }); }); });
  CHECK(answer.get() == 7);
}

TEST_CASE("cancelled urgent tasks do not pile up behind a busy worker", "[selection]") {
  gate held;
  turns pool({.workers = 1, .queue = {.capacity = 2}});
  auto first = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  const auto alive = std::make_shared<int>(0);
  for (int n = 0; n < 10000; ++n) pool.submit({.priority = wp::priority::critical}, [alive] {}).cancel();
  CHECK(alive.use_count() == 1);
  CHECK(pool.stats().queued == 0);
  held.open();
}
