#pragma once

#include <workpool/pool/worker_pool.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>

/// The promises of a worker_pool, to be kept by every model.
///
/// Tasks are functions and captureless lambdas that get everything as arguments and give everything as results, so that
/// the same file can run over pools whose workers share no memory with the test. What a test has to hold up or count,
/// it does through a *gate*: a small copyable value that is passed to tasks as an argument.
///
/// A model is a kind: `pool` (a type), `options` (its options, an aggregate with name, workers, queue), `gate` (a value
/// with `enter()`, which tells the test that a task is there and waits until the test lets it go), `test_side`
/// (default-constructible, with `handle()` → gate, `await(n)`: n tasks have entered so far, `entered()`: how many, and
/// `open()`), `by_priority`: whether its queue takes higher lanes first, `drops`: whether it drops what is oldest, else
/// it refuses such options, and `kills`: whether it can end a body that
/// goes on, so that cancelling a running task settles it. Handlers and hooks always run in the process of the test.
/// Before this file is included, `worker_pool_models` names the kinds, in one file only.
namespace workpool_test {

namespace wp = workpool;
using namespace std::chrono_literals;

inline int twice(int value) { return 2 * value; }
inline std::string joined(const std::string& left, const std::string& right) { return left + right; }
inline void nothing() {}
inline int unlucky(int value) { throw std::runtime_error("no luck with " + std::to_string(value)); }
inline void odd_ones_fail(std::size_t index) {
  if (index % 2 == 1) throw std::runtime_error("odd");
}
inline void any_index(std::size_t) {}
/// A task that the test holds up, and that shows whether it has run.
template <class Gate>
void pass(Gate inside) {
  inside.enter();
}

inline constexpr std::array<wp::priority, 4> lanes_upwards{wp::priority::low, wp::priority::normal, wp::priority::high,
                                                           wp::priority::critical};

using lane_sizes = std::array<std::size_t, 4>;

/// Whether a snapshot agrees with itself.
inline bool adds_up(const wp::pool_stats& now) {
  const std::uint64_t ended = now.completed + now.failed + now.cancelled + now.expired + now.timed_out +
                              now.worker_lost + now.discarded + now.pool_broken;
  std::size_t queued = 0;
  for (const std::size_t lane : now.queued_by_priority) queued += lane;
  return now.submitted == now.accepted + now.rejected &&
         now.accepted == ended + now.queued + now.delayed + now.running && now.queued == queued;
}

inline std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    return known.what();
  }
}

/// A pool whose books have to balance at the end of each test.
template <class Kind>
class pool_under_test {
 public:
  using gate = typename Kind::gate;
  explicit pool_under_test(typename Kind::options options = {.workers = 2}) : pool_(std::move(options)) {}
  ~pool_under_test() {
    held.open();
    pool_.resume();
    pool_.wait_idle();
    const wp::pool_stats now = pool_.stats();
    CHECK(adds_up(now));
    CHECK(now.queued_by_priority == lane_sizes{});
    CHECK(now.queued + now.delayed + now.running + now.overrunning == 0);
  }
  typename Kind::pool* operator->() { return &pool_; }
  typename Kind::pool& operator*() { return pool_; }

  /// Has `count` workers enter the gate.
  void occupy(int count) {
    const int before = held.entered();
    for (int n = 0; n < count; ++n) pool_.post(pass<gate>, held.handle());
    held.await(before + count);
  }

  typename Kind::test_side held;

 private:
  typename Kind::pool pool_;
};

template <class Call>
std::string refused_field(Call call) {
  try {
    call();
  } catch (const wp::bad_config& error) {
    return std::string(error.field());
  }
  return "";
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a task gets its arguments and gives its result", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  CHECK(pool->submit(twice, 21).get() == 42);
  CHECK(pool->submit(joined, std::string("for"), std::string("mat")).get() == "format");
  CHECK(pool->submit([](int left, int right) { return left + right; }, 2, 3).get() == 5);
  CHECK_NOTHROW(pool->submit(nothing).get());
  auto tried = pool->try_submit(twice, 4);
  REQUIRE(tried);
  CHECK((*tried).get() == 8);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: what a task throws comes out of get with its text", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  auto one = pool->submit(unlucky, 7);
  CHECK_THROWS_WITH(one.get(), Catch::Matchers::Contains("no luck with 7"));
  CHECK(pool->stats().failed == 1);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a result is given once", "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool;
  auto one = pool->submit(twice, 1);
  CHECK(one.get() == 2);
  CHECK_FALSE(one.valid());
  CHECK_THROWS_AS(one.get(), wp::no_state);
  CHECK_THROWS_AS(wp::future<int>().get(), wp::no_state);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a future outlives its pool", "[conformance]", worker_pool_models) {
  wp::future<int> one, none;
  {
    pool_under_test<TestType> pool;
    one = pool->submit(twice, 4);
    none = pool->submit(unlucky, 4);
  }
  CHECK(one.get() == 8);
  CHECK_THROWS_WITH(none.get(), Catch::Matchers::Contains("no luck"));
}

TEMPLATE_LIST_TEST_CASE("worker_pool: options that cannot be are refused by field and count nowhere", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  const auto wrong = static_cast<wp::priority>(4);
  CHECK(refused_field([&] { static_cast<void>(pool->submit({.priority = wrong}, nothing)); }) == "priority");
  CHECK(refused_field([&] { static_cast<void>(pool->try_submit({.priority = wrong}, nothing)); }) == "priority");
  CHECK(refused_field([&] { pool->post({.priority = wrong}, nothing); }) == "priority");
  CHECK(refused_field([&] { static_cast<void>(pool->submit_bulk({.priority = wrong}, 1, any_index)); }) == "priority");
  CHECK(refused_field([&] { static_cast<void>(pool->purge(wrong)); }) == "priority");
  CHECK(refused_field([&] { static_cast<void>(pool->submit({.timeout = 0ns}, nothing)); }) == "timeout");
  CHECK(refused_field([&] { static_cast<void>(pool->post_every(0ns, nothing)); }) == "interval");
  CHECK(refused_field([&] { pool->resize({2, 1}); }) == "workers.min");
  CHECK(refused_field([&] { static_cast<void>(pool->shutdown({.drain = -1ns})); }) == "drain");
  CHECK(refused_field([] { typename TestType::pool({.workers = {3, 2}}); }) == "workers.min");
  CHECK(refused_field([] { typename TestType::pool({.workers = 4097}); }) == "workers");
  int (*null)(int) = nullptr;
  CHECK_THROWS_AS(pool->submit(null, 1), std::bad_function_call);
  CHECK(pool->stats().submitted == 0);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: names of tasks are in their errors and explanations", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.name = "calc", .workers = 1});
  pool->pause();
  auto one = pool->submit({.name = "thumb"}, twice, 1);
  CHECK(pool->explain(one).find("'thumb'") != std::string::npos);
  CHECK(pool->explain(one).find("paused") != std::string::npos);
  one.cancel();
  CHECK_THROWS_WITH(one.get(), Catch::Matchers::Contains("'thumb'"));
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a higher lane overtakes what has not started", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  std::vector<wp::task_id> started, submitted;
  std::mutex mutex;
  const auto watch = pool->template on_event<wp::event::task_started>([&](const wp::event::task_started& news) {
    const std::lock_guard hold(mutex);
    started.push_back(news.task);
  });
  pool->pause();
  std::vector<wp::future<int>> results;
  for (const auto lane : lanes_upwards) {
    results.push_back(pool->submit({.priority = lane}, twice, 1));
    submitted.push_back(results.back().id());
  }
  pool->resume();
  pool->wait_idle();
  const std::lock_guard hold(mutex);
  if (TestType::by_priority) std::reverse(submitted.begin(), submitted.end());
  CHECK(started == submitted);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: one worker takes the tasks of one thread and one lane as they were submitted",
                        "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  std::vector<wp::task_id> started, submitted;
  std::mutex mutex;
  const auto watch = pool->template on_event<wp::event::task_started>([&](const wp::event::task_started& news) {
    const std::lock_guard hold(mutex);
    started.push_back(news.task);
  });
  std::vector<wp::future<int>> results;
  for (int n = 0; n < 300; ++n) {
    results.push_back(pool->submit(twice, n));
    submitted.push_back(results.back().id());
  }
  pool->wait_idle();
  const std::lock_guard hold(mutex);
  CHECK(started == submitted);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: nothing starts while it is paused", "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool;
  CHECK_FALSE(pool->paused());
  pool->pause();
  CHECK(pool->paused());
  auto one = pool->submit(twice, 3);
  CHECK(one.wait_for(10ms) == std::future_status::timeout);
  CHECK(pool->stats().queued == 1);
  CHECK_FALSE(pool->wait_idle_for(1ms));
  pool->resume();
  CHECK(one.get() == 6);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: purge cancels what waits, by lane or altogether", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  pool->pause();
  std::vector<wp::future<int>> low, normal;
  for (int n = 0; n < 3; ++n) low.push_back(pool->submit({.priority = wp::priority::low}, twice, n));
  for (int n = 0; n < 2; ++n) normal.push_back(pool->submit(twice, n));
  CHECK(pool->purge(wp::priority::high) == 0);
  CHECK(pool->purge(wp::priority::low) == 3);
  for (auto& one : low) CHECK_THROWS_AS(one.get(), wp::task_cancelled);
  CHECK(pool->stats().queued_by_priority == lane_sizes{0, 0, 2, 0});
  CHECK_FALSE(normal[0].ready());
  CHECK(pool->purge() == 2);
  for (auto& one : normal) CHECK_THROWS_AS(one.get(), wp::task_cancelled);
  CHECK(pool->stats().cancelled == 5);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: cancel answers by what the task was doing", "[conformance]", worker_pool_models) {
  using gate = typename TestType::gate;
  pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::reject}});
  auto running = pool->submit(
      [](std::stop_token stop, gate inside) {
        inside.enter();
        return stop.stop_requested();
      },
      pool.held.handle());
  pool.held.await(1);
  auto waiting = pool->submit(twice, 1);
  CHECK(pool->try_submit(twice, 1).error() == wp::errc::queue_full);
  CHECK_FALSE(waiting.outcome());
  CHECK(waiting.cancel() == wp::cancel_result::dequeued);
  CHECK(waiting.outcome() == wp::outcome::cancelled);
  CHECK(waiting.cancel() == wp::cancel_result::too_late);
  CHECK(pool->try_submit(twice, 1));  // its place is free at once
  CHECK(running.cancel() == wp::cancel_result::stop_requested);
  pool.held.open();
  if constexpr (TestType::kills) {
    CHECK_THROWS_AS(running.get(), wp::task_cancelled);
  } else {
    CHECK(running.get());  // the body's own answer
  }
  pool->wait_idle();
  auto over = pool->submit(twice, 1);
  over.wait();
  CHECK(over.cancel() == wp::cancel_result::too_late);
  CHECK(over.get() == 2);
  CHECK_THROWS_AS(waiting.get(), wp::task_cancelled);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a timeout settles early and other tasks still run", "[conformance]",
                        worker_pool_models) {
  using gate = typename TestType::gate;
  pool_under_test<TestType> pool({.workers = 1});
  auto late = pool->submit(
      {.timeout = 10ms}, [](gate inside) { inside.enter(); }, pool.held.handle());
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  CHECK(pool->submit(twice, 2).get() == 4);
  CHECK(pool->stats().timed_out == 1);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a task expires in the queue, also while the pool is paused", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  pool->pause();
  auto stale = pool->submit({.expires_after = 5ms}, twice, 1);
  auto fresh = pool->submit({.expires_after = 1h}, twice, 1);
  CHECK_THROWS_AS(stale.get(), wp::task_expired);
  pool->resume();
  CHECK(fresh.get() == 2);
  CHECK_THROWS_AS(pool->submit({.expires_after = 0ns}, twice, 1).get(), wp::task_expired);
  CHECK(pool->stats().expired == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a full queue rejects, waits for a time, or drops the oldest", "[conformance]",
                        worker_pool_models) {
  using wp::on_full;
  {
    pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1, .on_full = on_full::reject}});
    pool.occupy(1);
    auto waiting = pool->submit(twice, 1);
    CHECK_THROWS_AS(pool->submit(twice, 2), wp::queue_full);
    CHECK_THROWS_AS(pool->post(twice, 2), wp::queue_full);
    CHECK(pool->stats().rejected == 2);
  }
  {
    pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1, .block_for = 5ms}});
    pool.occupy(1);
    auto waiting = pool->submit(twice, 1);
    CHECK_THROWS_AS(pool->submit(twice, 2), wp::enqueue_timeout);
    CHECK(pool->try_submit(twice, 2).error() == wp::errc::queue_full);
  }
  if (TestType::drops) {
    pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1, .on_full = on_full::drop_oldest}});
    pool.occupy(1);
    auto oldest = pool->submit(twice, 1);
    auto newest = pool->submit(twice, 2);
    CHECK_THROWS_AS(oldest.get(), wp::task_discarded);
    pool.held.open();
    CHECK(newest.get() == 4);
  }
}

TEMPLATE_LIST_TEST_CASE("worker_pool: drop_oldest spares the lanes above the lowest one that waits", "[conformance]",
                        worker_pool_models) {
  const wp::queue_options queue{.capacity = 3, .on_full = wp::on_full::drop_oldest};
  if (!TestType::drops) {
    CHECK_THROWS_AS(pool_under_test<TestType>({.workers = 1, .queue = queue}), wp::bad_config);
    return;
  }
  pool_under_test<TestType> pool({.workers = 1, .queue = queue});
  pool.occupy(1);
  auto high = pool->submit({.priority = wp::priority::high}, twice, 1);
  auto low = pool->submit({.priority = wp::priority::low}, twice, 2);
  auto normal = pool->submit(twice, 3);
  auto newest = pool->try_submit({.priority = wp::priority::critical}, twice, 4);
  REQUIRE(newest);
  CHECK((TestType::by_priority ? low : high).outcome() == wp::outcome::discarded);
  pool.held.open();
  CHECK((*newest).get() == 8);
  CHECK(normal.get() == 6);
  CHECK((TestType::by_priority ? high : low).get() == (TestType::by_priority ? 2 : 4));
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a refused task never runs", "[conformance]", worker_pool_models) {
  using gate = typename TestType::gate;
  pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1, .block_for = 1ms}});
  pool.occupy(1);
  auto waiting = pool->submit(twice, 1);
  CHECK_THROWS_AS(pool->submit(pass<gate>, pool.held.handle()), wp::enqueue_timeout);
  CHECK_THROWS_AS(pool->post(pass<gate>, pool.held.handle()), wp::enqueue_timeout);
  CHECK(pool->try_submit(pass<gate>, pool.held.handle()).error() == wp::errc::queue_full);
  pool.held.open();
  pool->shutdown();
  CHECK_THROWS_AS(pool->submit(pass<gate>, pool.held.handle()), wp::pool_stopped);
  CHECK_THROWS_AS(pool->post(pass<gate>, pool.held.handle()), wp::pool_stopped);
  CHECK(pool->try_submit(pass<gate>, pool.held.handle()).error() == wp::errc::pool_stopped);
  CHECK(pool.held.entered() == 1);
  CHECK(pool->stats().rejected == 6);
  CHECK(pool->stats().accepted == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: who waits for room gets in as soon as there is some", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1}});
  pool.occupy(1);
  auto waiting = pool->submit(twice, 1);
  std::atomic<bool> inside{false};
  wp::future<int> late;
  std::thread submitter([&] {
    late = pool->submit(twice, 4);
    inside = true;
  });
  CHECK_FALSE(eventually([&] { return inside.load(); }, 2ms));
  CHECK(waiting.cancel() == wp::cancel_result::dequeued);
  CHECK(eventually([&] { return inside.load(); }));  // the worker has not moved
  pool.held.open();
  submitter.join();
  CHECK(late.get() == 8);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: who waits for room is told of the shutdown", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 1}});
  pool.occupy(1);
  auto waiting = pool->submit(twice, 1);
  std::atomic<int> told{0};
  std::vector<std::thread> submitters;
  for (int n = 0; n < 3; ++n) {
    submitters.emplace_back([&] {
      try {
        pool->post(twice, 2);
      } catch (const wp::pool_stopped&) {
        ++told;
      }
    });
  }
  std::thread closer([&] { pool->shutdown(); });
  for (auto& one : submitters) one.join();  // while the worker makes no room
  CHECK(told == 3);
  pool.held.open();
  closer.join();
  CHECK(waiting.get() == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a bulk is one future of many tasks", "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool;
  CHECK_NOTHROW(pool->submit_bulk(100, any_index).get());
  CHECK(pool->stats().completed == 100);
  CHECK_NOTHROW(pool->submit_bulk(0, any_index).get());
  CHECK_THROWS_WITH(pool->submit_bulk(100, odd_ones_fail).get(), Catch::Matchers::Contains("odd"));
  pool->wait_idle();
  const wp::pool_stats now = pool->stats();
  CHECK(now.accepted == 200);
  CHECK(now.failed >= 1);
  pool->pause();
  auto waiting = pool->submit_bulk(10, any_index);
  CHECK(pool->stats().queued == 10);
  CHECK(waiting.cancel() == wp::cancel_result::dequeued);
  CHECK_THROWS_AS(waiting.get(), wp::task_cancelled);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a bulk enters a queue that rejects wholly or not at all", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1, .queue = {.capacity = 5, .on_full = wp::on_full::reject}});
  pool->pause();
  auto four = pool->submit_bulk(4, any_index);
  CHECK_THROWS_AS(pool->submit_bulk(2, any_index), wp::queue_full);
  CHECK(pool->try_submit(twice, 1));
  pool->resume();
  CHECK_NOTHROW(four.get());
  CHECK(pool->stats().rejected == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: what is posted for later is accepted now and runs then", "[conformance]",
                        worker_pool_models) {
  using gate = typename TestType::gate;
  pool_under_test<TestType> pool;
  pool->post_after(1h, nothing);
  CHECK(pool->stats().delayed == 1);
  CHECK(pool->purge() == 1);
  CHECK(pool->stats().delayed == 0);
  pool->post_after(
      1ms, [](gate inside) { inside.enter(); }, pool.held.handle());
  CHECK(pool->stats().accepted == 2);
  pool.held.await(1);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a series of turns comes until it is cancelled", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  auto series = pool->post_every(1ms, nothing);
  CHECK(eventually([&] { return pool->stats().completed >= 3; }));
  series.cancel();
  pool->wait_idle();
  const auto seen = pool->stats().accepted;
  CHECK_FALSE(eventually([&] { return pool->stats().accepted != seen; }, 10ms));
}

TEMPLATE_LIST_TEST_CASE("worker_pool: its size is what resize asked for, exactly and at rest", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 2});
  for (const std::size_t size : {4U, 1U, 3U, 1U}) {
    pool->resize(size);
    for (int n = 0; n < 20; ++n) CHECK(pool->submit(twice, n).get() == 2 * n);
    CHECK(eventually([&] { return pool->stats().workers == size; }));
    CHECK(pool->workers().size() == size);
  }
  pool->resize({1, 4});
  pool.occupy(4);
  CHECK(pool->stats().workers == 4);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: what came while it was paused has as many workers start as there may be",
                        "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool({.workers = {1, 3}});
  pool->pause();
  for (int n = 0; n < 3; ++n) pool->post(pass<typename TestType::gate>, pool.held.handle());
  pool->resume();
  pool.held.await(3);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: workers are listed by id with what they did", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 3});
  for (int n = 0; n < 30; ++n) pool->submit(twice, n).get();
  auto failed = pool->submit(unlucky, 1);
  failed.wait();
  pool->wait_idle();
  std::uint64_t completed = 0, failures = 0;
  wp::worker_id next = 0;
  for (const wp::worker_info& one : pool->workers()) {
    CHECK(one.id == next++);
    CHECK(one.generation == 1);
    completed += one.completed;
    failures += one.failed;
  }
  CHECK(next == 3);
  CHECK(completed == 30);
  CHECK(failures == 1);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: its books tell what waits, what runs, and on whom", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.name = "calc", .workers = 1});
  pool.occupy(1);
  for (const auto lane : lanes_upwards) pool->post({.priority = lane}, twice, 1);
  pool->post(twice, 2);
  const wp::pool_stats now = pool->stats();
  CHECK(now.pool == "calc");
  CHECK(now.running == 1);
  CHECK(now.queued == 5);
  CHECK(now.queued_by_priority == lane_sizes{1, 1, 2, 1});
  CHECK(now.started == 1);
  CHECK(now.accepted == 6);
  CHECK(now.completed == 0);
  CHECK(now.workers == 1);
  CHECK(now.workers_by_state[static_cast<std::size_t>(wp::worker_state::busy)] == 1);
  const std::vector<wp::worker_info> workers = pool->workers();
  REQUIRE(workers.size() == 1);
  CHECK(workers[0].state == wp::worker_state::busy);
  CHECK(workers[0].current != 0);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: no snapshot of its books contradicts itself", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 2, .queue = {.capacity = 8, .on_full = wp::on_full::reject}});
  std::atomic<bool> submitting{true};
  std::uint64_t accepted = 0, rejected = 0;
  std::thread submitter([&] {
    for (int n = 0; n < 3000; ++n) {
      auto one = n % 5 == 0 ? pool->try_submit(unlucky, n) : pool->try_submit(twice, n);
      ++(one ? accepted : rejected);
      if (one && n % 3 == 0) (*one).cancel();
    }
    submitting = false;
  });
  int contradictions = 0;
  while (submitting) contradictions += !adds_up(pool->stats());
  submitter.join();
  CHECK(contradictions == 0);
  pool->wait_idle();
  CHECK(pool->stats().accepted == accepted);
  CHECK(pool->stats().rejected == rejected);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: it is idle when nothing waits and nothing runs, and not before", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  CHECK(pool->wait_idle_for(0ns));
  pool.occupy(1);
  CHECK_FALSE(pool->wait_idle_for(1ms));
  auto waiting = pool->submit(twice, 1);
  pool.held.open();
  CHECK(pool->wait_idle_for(1h));
  CHECK(waiting.ready());
  CHECK(pool->stats().completed == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: dropping a future neither waits for its task nor cancels it", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  pool.occupy(1);
  static_cast<void>(pool->submit(twice, 1));
  CHECK(pool->stats().queued == 1);
  pool.held.open();
  pool->wait_idle();
  CHECK(pool->stats().completed == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: several threads may wait for one future", "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  pool.occupy(1);
  auto one = pool->submit(twice, 4);
  std::atomic<int> released{0};
  std::vector<std::thread> threads;
  for (int n = 0; n < 3; ++n) {
    threads.emplace_back([&] {
      one.wait();
      ++released;
    });
  }
  CHECK(released == 0);
  pool.held.open();
  for (auto& thread : threads) thread.join();
  CHECK(released == 3);
  CHECK(one.get() == 8);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: an error goes to the future, to the handler, or to the event, and is counted",
                        "[conformance]", worker_pool_models) {
  std::vector<std::string> uncaught, unobserved;
  std::mutex mutex;
  typename TestType::options options{.workers = 1};
  options.uncaught_handler = [&](std::exception_ptr error, wp::task_id) {
    const std::lock_guard hold(mutex);
    uncaught.push_back(text_of(error));
  };
  {
    pool_under_test<TestType> pool(std::move(options));
    const auto lost =
        pool->template on_event<wp::event::unobserved_error>([&](const wp::event::unobserved_error& news) {
          const std::lock_guard hold(mutex);
          unobserved.push_back(text_of(news.error));
        });
    auto looked_at = pool->submit(unlucky, 1);
    CHECK_THROWS_WITH(looked_at.get(), Catch::Matchers::Contains("no luck with 1"));
    pool->post(unlucky, 2);
    static_cast<void>(pool->submit(unlucky, 3));
    pool->wait_idle();
    const wp::pool_stats now = pool->stats();
    CHECK(now.failed == 3);
    std::uint64_t counted = 0;
    for (const auto& [kind, count] : now.errors) counted += count;
    CHECK(counted == 3);
  }
  REQUIRE(uncaught.size() == 1);
  CHECK(uncaught[0].find("no luck with 2") != std::string::npos);
  REQUIRE(unobserved.size() == 1);
  CHECK(unobserved[0].find("no luck with 3") != std::string::npos);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a worker that comes is told of with its id", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  std::atomic<std::uint64_t> ids{0};
  const auto watch = pool->template on_event<wp::event::worker_started>(
      [&](const wp::event::worker_started& news) { ids |= std::uint64_t{1} << news.worker; });
  pool->resize(3);
  pool.occupy(3);
  CHECK(eventually([&] { return (ids & 6U) == 6U; }));
}

TEMPLATE_LIST_TEST_CASE("worker_pool: it tells of tasks and workers", "[conformance]", worker_pool_models) {
  std::atomic<int> started{0}, settled{0}, failed{0}, exited{0};
  {
    typename TestType::pool pool({.workers = 2});
    const auto first = pool.template on_event<wp::event::task_started>([&](const auto&) { ++started; });
    const auto second = pool.template on_event<wp::event::task_settled>([&](const wp::event::task_settled& news) {
      ++settled;
      if (news.outcome == wp::outcome::failed) ++failed;
    });
    const auto third =
        pool.template on_event<wp::event::worker_exited>([&](const auto& news) { exited += news.planned; });
    for (int n = 0; n < 5; ++n) pool.post(twice, n);
    auto unlucky_one = pool.submit(unlucky, 1);
    pool.wait_idle();
    unlucky_one.wait();
    CHECK(eventually([&] { return settled == 6; }));
    CHECK_THROWS(unlucky_one.get());
  }
  CHECK(started == 6);
  CHECK(failed == 1);
  CHECK(exited == 2);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a shutdown runs what waits, or discards it, and refuses what comes",
                        "[conformance]", worker_pool_models) {
  for (const auto pending : {wp::pending::run, wp::pending::discard}) {
    pool_under_test<TestType> pool({.workers = 1});
    pool->pause();
    std::vector<wp::future<int>> results;
    for (int n = 0; n < 5; ++n) results.push_back(pool->submit(twice, n));
    const wp::shutdown_report report = pool->shutdown({.pending = pending});
    CHECK(report.completed == (pending == wp::pending::run ? 5 : 0));
    CHECK(report.discarded == (pending == wp::pending::run ? 0 : 5));
    CHECK_FALSE(report.forced);
    for (auto& one : results) CHECK(one.ready());
    CHECK_THROWS_AS(pool->submit(twice, 1), wp::pool_stopped);
    CHECK_THROWS_AS(pool->submit_bulk(2, any_index), wp::pool_stopped);
    CHECK(pool->try_submit(twice, 1).error() == wp::errc::pool_stopped);
    CHECK(pool->shutdown().completed == 0);  // a second time there is nothing to do
  }
}

TEMPLATE_LIST_TEST_CASE("worker_pool: a drain of no time discards what waits and cuts short what runs", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 1});
  auto running = pool->submit([](typename TestType::gate inside) { inside.enter(); }, pool.held.handle());
  pool.held.await(1);
  auto waiting = pool->submit(twice, 1);
  const wp::shutdown_report report = pool->shutdown({.drain = 0ns});
  CHECK(report.forced);
  CHECK(report.discarded == 1);
  CHECK_THROWS_AS(waiting.get(), wp::task_discarded);
  CHECK_THROWS_AS(running.get(), wp::task_cancelled);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: several threads may shut it down, and all of them return", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool;
  for (int n = 0; n < 100; ++n) pool->post(twice, n);
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n) threads.emplace_back([&] { pool->shutdown(); });
  for (auto& one : threads) one.join();
  CHECK(pool->stats().completed == 100);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: its destructor runs everything that was accepted", "[conformance]",
                        worker_pool_models) {
  std::vector<wp::future<int>> results;
  {
    typename TestType::pool pool({.workers = 2});
    pool.pause();
    for (int n = 0; n < 50; ++n) results.push_back(pool.submit(twice, n));
  }
  for (int n = 0; n < 50; ++n) CHECK(results[static_cast<std::size_t>(n)].get() == 2 * n);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: what several threads submit ends once each", "[conformance]",
                        worker_pool_models) {
  pool_under_test<TestType> pool({.workers = 2, .queue = {.capacity = 16}});
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int id = 0; id < 4; ++id) {
    threads.emplace_back([&, id] {
      std::vector<wp::future<int>> mine;
      for (int n = 0; n < 200; ++n) mine.push_back(pool->submit(twice, id * 1000 + n));
      for (int n = 0; n < 200; ++n) wrong += mine[static_cast<std::size_t>(n)].get() != 2 * (id * 1000 + n);
    });
  }
  for (auto& one : threads) one.join();
  CHECK(wrong == 0);
  CHECK(pool->stats().completed == 800);
}

TEMPLATE_LIST_TEST_CASE("worker_pool: for std::future it gives one", "[conformance]", worker_pool_models) {
  pool_under_test<TestType> pool;
  std::future<int> one = pool->submit(wp::use_std_future, twice, 2);
  CHECK(one.get() == 4);
  std::future<int> other = pool->submit(wp::use_std_future, unlucky, 2);
  pool->shutdown();  // the worker lets go of the exception, whose reference count ThreadSanitizer cannot see
  CHECK_THROWS_WITH(other.get(), Catch::Matchers::Contains("no luck"));
}

TEMPLATE_LIST_TEST_CASE("worker_pool: it is a model of the concept", "[conformance]", worker_pool_models) {
  STATIC_REQUIRE(wp::worker_pool<typename TestType::pool>);
}

}  // namespace workpool_test
