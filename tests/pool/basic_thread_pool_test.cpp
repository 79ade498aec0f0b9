#include <workpool/pool/basic_thread_pool.hpp>

#include <atomic>
#include <latch>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool/worker_pool.hpp>
#include <workpool/queue/fifo_queue.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

using pool_of_lanes = wp::basic_thread_pool<>;
using pool_of_one_line = wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>;
using pool_of_waking_lanes = wp::basic_thread_pool<wp::select::first_idle, wp::priority_queue<wp::task_ref>>;
static_assert(wp::worker_pool<pool_of_lanes> && wp::worker_pool<pool_of_one_line>);

#define EVERY_POOL pool_of_lanes, pool_of_one_line, pool_of_waking_lanes

/// A pool of one worker, which waits at a gate until the test opens it.
template <class Pool>
struct busy_pool {
  explicit busy_pool(wp::queue_options queue = {}) : pool({.name = "busy", .workers = 1, .queue = queue}) {
    blocker = pool.submit([this] { held.wait(); });
    held.await_arrivals(1);
  }
  ~busy_pool() { held.open(); }
  gate held;
  Pool pool;
  wp::future<void> blocker;
};

int add(int left, int right) { return left + right; }

struct throwing_copy {
  throwing_copy() = default;
  throwing_copy(const throwing_copy&) { throw std::runtime_error("copy"); }
  void operator()() const {}
};

struct counted {
  explicit counted(std::atomic<int>& alive) : alive_(&alive) { ++alive; }
  counted(counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  counted(const counted& other) : alive_(other.alive_) { ++*alive_; }
  ~counted() {
    if (alive_ != nullptr) --*alive_;
  }
  std::atomic<int>* alive_;
};

}  // namespace

TEMPLATE_TEST_CASE("a submitted call returns its value through the future", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 2}};
  CHECK(pool.submit(add, 2, 3).get() == 5);
  CHECK(pool.submit([](std::string text, std::unique_ptr<int> n) { return text + std::to_string(*n); }, "a",
                    std::make_unique<int>(7))
            .get() == "a7");
  CHECK(pool.submit(wp::use_std_future, add, 1, 1).get() == 2);
  CHECK(pool.submit([]() -> const std::string { return "const"; }).get() == "const");
  int target = 1;
  pool.submit([&target] { target = 2; }).get();
  CHECK(target == 2);
  int& same = pool.submit([&target]() -> int& { return target; }).get();
  CHECK(&same == &target);
  struct account {
    int balance = 40;
    int plus(int n) const { return balance + n; }
  };
  CHECK(pool.submit(&account::plus, account{}, 2).get() == 42);
}

TEMPLATE_TEST_CASE("what a task throws comes out of get with type and value", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 2}};
  auto thrown_int = pool.submit([] { throw 42; });
  CHECK_THROWS_AS(thrown_int.get(), int);
  struct not_standard {
    int code;
  };
  auto own = pool.submit([]() -> int { throw not_standard{7}; });
  int code = 0;
  try {
    own.get();
  } catch (const not_standard& error) {
    code = error.code;
  }
  CHECK(code == 7);
  auto by_promise = pool.submit(wp::use_std_future, []() -> int { throw std::out_of_range("edge"); });
  CHECK_THROWS_AS(by_promise.get(), std::out_of_range);
  pool.wait_idle();
  CHECK(pool.stats().failed == 3);
}

TEMPLATE_TEST_CASE("a task that throws task_cancelled ends cancelled, not failed", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  auto gave_up = pool.submit([] { throw wp::task_cancelled("enough"); });
  gave_up.wait();
  CHECK(gave_up.outcome() == wp::outcome::cancelled);
  CHECK_THROWS_AS(gave_up.get(), wp::task_cancelled);
  CHECK(pool.stats().cancelled == 1);
  CHECK(pool.stats().started == 1);
}

TEMPLATE_TEST_CASE("a callable that cannot be copied into the task is the submitter's trouble", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  const throwing_copy callable;
  CHECK_THROWS_WITH(pool.submit(callable), "copy");
  CHECK_THROWS_WITH(pool.post(callable), "copy");
  CHECK_THROWS_WITH(pool.try_submit(callable), "copy");
  const wp::pool_stats now = pool.stats();
  CHECK(now.submitted == 0);
  CHECK(now.accepted == 0);
}

TEMPLATE_TEST_CASE("a null callable is refused before anything else happens", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  CHECK_THROWS_AS(pool.submit(std::function<void()>()), std::bad_function_call);
  CHECK_THROWS_AS(pool.post(static_cast<void (*)()>(nullptr)), std::bad_function_call);
  CHECK_THROWS_AS(pool.try_submit(std::function<int()>()), std::bad_function_call);
  CHECK_THROWS_AS(pool.submit(wp::use_std_future, std::function<int()>()), std::bad_function_call);
  CHECK(pool.stats().submitted == 0);
}

TEMPLATE_TEST_CASE("captures are destroyed before get returns", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 2}};
  std::atomic<int> alive{0};
  for (int round = 0; round < 200; ++round) {
    pool.submit([held = counted(alive)] {}).get();
    REQUIRE(alive == 0);
    CHECK_THROWS_AS(pool.submit([held = counted(alive)] { throw 1; }).get(), int);
    REQUIRE(alive == 0);
  }
}

TEMPLATE_TEST_CASE("captures of a task cancelled in the queue are destroyed at the cancel", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy;
  std::atomic<int> alive{0};
  auto waiting = busy.pool.submit([held = counted(alive)] {});
  REQUIRE(alive == 1);
  CHECK(waiting.cancel() == wp::cancel_result::dequeued);
  CHECK(alive == 0);
  CHECK_THROWS_AS(waiting.get(), wp::task_cancelled);
}

TEMPLATE_TEST_CASE("the destructor of a capture may call back into the pool", "[pool]", EVERY_POOL) {
  struct caller {
    explicit caller(TestType& target, std::atomic<int>& calls) : pool(&target), count(&calls) {}
    caller(caller&& other) noexcept : pool(std::exchange(other.pool, nullptr)), count(other.count) {}
    ~caller() {
      if (pool == nullptr) return;
      static_cast<void>(pool->stats());
      static_cast<void>(pool->purge(wp::priority::low));
      pool->post([seen = count] { ++*seen; });
    }
    TestType* pool;
    std::atomic<int>* count;
  };
  std::atomic<int> calls{0};
  {
    busy_pool<TestType> busy({.capacity = 3, .on_full = wp::on_full::drop_oldest});
    auto first = busy.pool.submit([guest = caller(busy.pool, calls)] {});
    auto second = busy.pool.submit([guest = caller(busy.pool, calls)] {});
    CHECK(first.cancel() == wp::cancel_result::dequeued);
    static_cast<void>(busy.pool.purge());
    auto third = busy.pool.submit([guest = caller(busy.pool, calls)] {});
    busy.held.open();
    busy.pool.wait_idle();
    CHECK(calls >= 1);
  }
}

TEMPLATE_TEST_CASE("cancel answers by what the task was doing", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  std::latch running{1};
  auto stoppable = pool.submit([&](std::stop_token stop) {
    running.count_down();
    while (!stop.stop_requested()) std::this_thread::yield();
    return 9;
  });
  auto queued = pool.submit([] { return 1; });
  running.wait();
  CHECK(queued.cancel() == wp::cancel_result::dequeued);
  CHECK(queued.cancel() == wp::cancel_result::too_late);
  CHECK(stoppable.cancel() == wp::cancel_result::stop_requested);
  CHECK(stoppable.get() == 9);
  auto finished = pool.submit([] {});
  finished.wait();
  CHECK(finished.cancel() == wp::cancel_result::too_late);
}

TEMPLATE_TEST_CASE("a cancelled task's place is free at once", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 1, .on_full = wp::on_full::reject});
  auto waiting = busy.pool.submit([] {});
  CHECK_THROWS_AS(busy.pool.submit([] {}), wp::queue_full);
  CHECK(waiting.cancel() == wp::cancel_result::dequeued);
  auto next = busy.pool.submit([] { return 3; });
  busy.held.open();
  CHECK(next.get() == 3);
}

TEMPLATE_TEST_CASE("try_submit answers queue_full under every policy that keeps what waits", "[pool]", EVERY_POOL) {
  for (const wp::on_full policy : {wp::on_full::block, wp::on_full::reject, wp::on_full::caller_runs}) {
    busy_pool<TestType> busy({.capacity = 1, .on_full = policy});
    auto fits = busy.pool.try_submit([] { return 1; });
    REQUIRE(fits);
    auto refused = busy.pool.try_submit([] { return 2; });
    CHECK_FALSE(refused);
    CHECK(refused.error() == wp::errc::queue_full);
    CHECK_THROWS_AS(*refused, wp::queue_full);
    busy.held.open();
    CHECK((*fits).get() == 1);
    CHECK(busy.pool.stats().rejected == 1);
  }
}

TEMPLATE_TEST_CASE("drop_oldest discards the oldest of the lowest lane", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 2, .on_full = wp::on_full::drop_oldest});
  auto low = busy.pool.submit({.priority = wp::priority::low}, [] { return 1; });
  auto high = busy.pool.submit({.priority = wp::priority::high}, [] { return 2; });
  auto newest = *busy.pool.try_submit({.priority = wp::priority::critical}, [] { return 3; });
  CHECK(low.outcome() == wp::outcome::discarded);
  CHECK_THROWS_AS(low.get(), wp::task_discarded);
  busy.held.open();
  CHECK(high.get() == 2);
  CHECK(newest.get() == 3);
}

TEMPLATE_TEST_CASE("caller_runs runs the task in the submitter when the queue is full", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 1, .on_full = wp::on_full::caller_runs});
  auto waits = busy.pool.submit([] { return std::this_thread::get_id(); });
  auto here = busy.pool.submit([] { return std::this_thread::get_id(); });
  REQUIRE(here.ready());
  CHECK(here.get() == std::this_thread::get_id());
  busy.held.open();
  CHECK(waits.get() != std::this_thread::get_id());
}

TEMPLATE_TEST_CASE("a blocked submit waits for room, and not longer than block_for", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 1, .on_full = wp::on_full::block, .block_for = 5ms});
  std::atomic<bool> late_ran{false};
  auto fits = busy.pool.submit([] { return 1; });
  CHECK_THROWS_AS(busy.pool.submit([&] { late_ran = true; }), wp::enqueue_timeout);
  CHECK_THROWS_AS(busy.pool.post([&] { late_ran = true; }), wp::enqueue_timeout);
  busy.held.open();
  busy.pool.wait_idle();
  CHECK_FALSE(late_ran);
  const wp::pool_stats now = busy.pool.stats();
  CHECK(now.rejected == 2);
  CHECK(now.completed == 2);
}

TEMPLATE_TEST_CASE("block_for of nothing refuses at once", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 1, .on_full = wp::on_full::block, .block_for = 0ns});
  auto fits = busy.pool.submit([] {});
  CHECK_THROWS_AS(busy.pool.submit([] {}), wp::enqueue_timeout);
}

TEMPLATE_TEST_CASE("a blocked submitter goes on as soon as there is room", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 1});
  auto fits = busy.pool.submit([] { return 1; });
  std::atomic<int> result{0};
  std::thread producer([&] { result = busy.pool.submit([] { return 2; }).get(); });
  CHECK(fits.cancel() == wp::cancel_result::dequeued);
  busy.held.open();
  producer.join();
  CHECK(result == 2);
}

TEMPLATE_TEST_CASE("a task that submits into its own full queue runs it itself", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1, .queue = {.capacity = 1}}};
  auto outer = pool.submit([&pool] {
    std::vector<wp::future<std::thread::id>> inner;
    for (int n = 0; n < 5; ++n) inner.push_back(pool.submit([] { return std::this_thread::get_id(); }));
    bool here = true;
    for (auto& one : inner) here = one.get() == std::this_thread::get_id() && here;
    return here;
  });
  CHECK(outer.get());
  CHECK(pool.stats().completed == 6);
}

TEMPLATE_TEST_CASE("a worker that waits for a task nobody has started runs it itself", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  auto outer = pool.submit([&pool] { return pool.submit([] { return 4; }).get() + 1; });
  CHECK(outer.get() == 5);
}

TEMPLATE_TEST_CASE("get(help) runs the task here when nobody has started it", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy;
  auto waiting = busy.pool.submit([] { return std::this_thread::get_id(); });
  CHECK(waiting.get(wp::help) == std::this_thread::get_id());
  busy.held.open();
  busy.pool.wait_idle();
  CHECK(busy.pool.stats().completed == 2);
}

TEST_CASE("higher lanes overtake what has not started", "[pool]") {
  busy_pool<pool_of_lanes> busy({.aging = 0});
  std::vector<wp::priority> order;
  using enum wp::priority;
  for (const wp::priority lane : {low, normal, high, critical, low, normal, high, critical}) {
    busy.pool.post({.priority = lane}, [&order, lane] { order.push_back(lane); });
  }
  busy.held.open();
  busy.pool.wait_idle();
  CHECK(order == std::vector{critical, critical, high, high, normal, normal, low, low});
}

TEMPLATE_TEST_CASE("tasks of one thread and lane run in the order of their submits on one worker", "[pool]",
                   EVERY_POOL) {
  std::vector<int> order;
  {
    busy_pool<TestType> busy;
    for (int n = 0; n < 1000; ++n) busy.pool.post([&order, n] { order.push_back(n); });
  }
  REQUIRE(order.size() == 1000);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEMPLATE_TEST_CASE("purge cancels what waits, in one lane or in all", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy;
  auto low = busy.pool.submit({.priority = wp::priority::low}, [] {});
  auto high = busy.pool.submit({.priority = wp::priority::high}, [] {});
  auto normal = busy.pool.submit([] {});
  CHECK(busy.pool.purge(wp::priority::low) == 1);
  CHECK(low.outcome() == wp::outcome::cancelled);
  CHECK_FALSE(high.ready());
  CHECK(high.cancel() == wp::cancel_result::dequeued);
  CHECK(busy.pool.purge() == 1);
  CHECK(normal.outcome() == wp::outcome::cancelled);
  CHECK(busy.pool.stats().queued == 0);
}

TEMPLATE_TEST_CASE("no task starts between pause and resume", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 2}};
  std::atomic<int> started{0};
  std::atomic<bool> forbidden{false};
  std::atomic<int> violations{0};
  for (int round = 0; round < 300; ++round) {
    for (int n = 0; n < 20; ++n) {
      pool.post([&] {
        if (forbidden.load()) ++violations;
        ++started;
      });
    }
    pool.pause();
    REQUIRE(pool.paused());
    // What had started before pause() returned may still be on its way to its first instruction.
    REQUIRE(eventually([&] { return pool.stats().running == 0; }));
    forbidden = true;
    pool.post([&] {
      if (forbidden.load()) ++violations;
      ++started;
    });
    for (int look = 0; look < 50; ++look) std::this_thread::yield();
    forbidden = false;
    pool.resume();
  }
  pool.wait_idle();
  CHECK(violations == 0);
  CHECK(started == 300 * 21);
}

/// A queue whose workers are interrupted just after they have taken a task.
struct interrupted_queue : wp::fifo_queue<wp::task_ref> {
  using fifo_queue::fifo_queue;
  std::optional<wp::task_ref> try_pop() {
    auto taken = fifo_queue::try_pop();
    for (int turn = 0; taken && turn < 20; ++turn) std::this_thread::yield();
    return taken;
  }
};

TEST_CASE("pause waits for a worker that has taken a task and not started it", "[pool]") {
  wp::basic_thread_pool<wp::select::first_idle, interrupted_queue> pool{2};
  int started_after = 0;
  for (int round = 0; round < 200; ++round) {
    for (int n = 0; n < 4; ++n) pool.post([] {});
    pool.pause();
    const auto before = pool.stats().started;
    for (int look = 0; look < 50; ++look) std::this_thread::yield();
    started_after += pool.stats().started != before;
    pool.resume();
  }
  CHECK(started_after == 0);
}

TEMPLATE_TEST_CASE("wait_idle returns when everything accepted has an outcome", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 2}};
  std::atomic<int> done{0};
  for (int round = 0; round < 100; ++round) {
    for (int n = 0; n < 10; ++n) pool.post([&] { ++done; });
    pool.wait_idle();
    REQUIRE(done == (round + 1) * 10);
  }
  pool.pause();
  pool.post([&] { ++done; });
  CHECK_FALSE(pool.wait_idle_for(1ms));
  pool.resume();
  CHECK(pool.wait_idle_for(60s));
}

TEMPLATE_TEST_CASE("wait_idle of a pool paused meanwhile returns when what ran has ended", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  for (int round = 0; round < 100; ++round) {
    gate held;
    pool.post([&held, round] {
      held.wait();
      for (int turn = 0; turn < 10 * round; ++turn) std::this_thread::yield();
    });
    held.await_arrivals(1);
    pool.pause();
    held.open();
    pool.wait_idle();
    pool.resume();
  }
  SUCCEED();
}

TEMPLATE_TEST_CASE("wait_idle from a task of the pool is a deadlock that is named", "[pool]", EVERY_POOL) {
  TestType pool{{.name = "mine", .workers = 1}};
  auto asks = pool.submit([&pool] { pool.wait_idle(); });
  CHECK_THROWS_AS(asks.get(), wp::would_deadlock);
}

TEMPLATE_TEST_CASE("the books balance after every kind of outcome", "[pool]", EVERY_POOL) {
  busy_pool<TestType> busy({.capacity = 4, .on_full = wp::on_full::reject});
  auto ok = busy.pool.submit([] {});
  auto bad = busy.pool.submit([] { throw 1; });
  auto gone = busy.pool.submit([] {});
  static_cast<void>(gone.cancel());
  busy.pool.post([] {});
  auto last = busy.pool.submit([] {});
  CHECK_FALSE(busy.pool.try_submit([] {}));
  const wp::pool_stats full = busy.pool.stats();
  CHECK(full.running == 1);
  CHECK(full.queued == 4);
  CHECK(full.queued_by_priority == std::array<std::size_t, 4>{0, 0, 4, 0});
  CHECK(full.workers_by_state[static_cast<std::size_t>(wp::worker_state::busy)] == 1);
  busy.held.open();
  busy.pool.wait_idle();
  const wp::pool_stats now = busy.pool.stats();
  CHECK(now.submitted == 7);
  CHECK(now.accepted == 6);
  CHECK(now.rejected == 1);
  CHECK(now.completed == 4);
  CHECK(now.failed == 1);
  CHECK(now.cancelled == 1);
  CHECK(now.started == 5);
  CHECK(now.queued == 0);
  CHECK(now.running == 0);
  CHECK(now.pool == "busy");
}

TEMPLATE_TEST_CASE("workers are listed with their state and their counts", "[pool]", EVERY_POOL) {
  TestType pool{{.name = "listed", .workers = 2}};
  REQUIRE(
      eventually([&] { return pool.stats().workers_by_state[static_cast<std::size_t>(wp::worker_state::idle)] == 2; }));
  gate held;
  auto running = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  int busy = 0;
  for (const wp::worker_info& one : pool.workers()) {
    if (one.state == wp::worker_state::busy) {
      ++busy;
      CHECK(one.current == running.id());
      CHECK(one.in_flight == 1);
    }
  }
  CHECK(busy == 1);
  CHECK(pool.workers().size() == 2);
  CHECK(pool.workers()[1].id == 1);
  held.open();
  running.get();
  pool.wait_idle();
  CHECK(pool.workers()[0].completed + pool.workers()[1].completed == 1);
}

TEST_CASE("hooks run on the worker, first and last, and what they throw is counted", "[pool]") {
  std::mutex guard;
  std::multiset<wp::worker_id> started, stopped;
  {
    pool_of_lanes pool{{.workers = 3,
                        .on_start =
                            [&](wp::worker_id id) {
                              const std::lock_guard hold(guard);
                              started.insert(id);
                              if (id == 1) throw 1;
                            },
                        .on_stop =
                            [&](wp::worker_id id) {
                              const std::lock_guard hold(guard);
                              stopped.insert(id);
                            }}};
    REQUIRE(eventually(
        [&] { return pool.stats().workers_by_state[static_cast<std::size_t>(wp::worker_state::idle)] == 3; }));
    CHECK(pool.stats().callback_errors == 1);
    CHECK(pool.stats().workers_started == 3);
  }
  CHECK(started == std::multiset<wp::worker_id>{0, 1, 2});
  CHECK(stopped == std::multiset<wp::worker_id>{0, 1, 2});
}

TEST_CASE("a posted task that throws goes to the handler with its id", "[pool]") {
  std::atomic<wp::task_id> id{0};
  std::string text;
  pool_of_lanes pool{{.workers = 1, .uncaught_handler = [&](std::exception_ptr error, wp::task_id task) {
                        try {
                          std::rethrow_exception(error);
                        } catch (const std::exception& known) {
                          text = known.what();
                        }
                        id = task;
                        throw 1;
                      }}};
  pool.post({.name = "doomed"}, [] { throw std::runtime_error("boom"); });
  pool.wait_idle();
  CHECK(id != 0);
  CHECK(text == "boom");
  CHECK(pool.stats().failed == 1);
  CHECK(pool.stats().callback_errors == 1);
}

TEST_CASE("on_uncaught::ignore keeps quiet and still counts", "[pool]") {
  std::atomic<bool> called{false};
  pool_of_lanes pool{{.workers = 1,
                      .on_uncaught = wp::on_uncaught::ignore,
                      .uncaught_handler = [&](std::exception_ptr, wp::task_id) { called = true; }}};
  pool.post([] { throw 1; });
  pool.wait_idle();
  CHECK_FALSE(called);
  CHECK(pool.stats().failed == 1);
}

TEMPLATE_TEST_CASE("an error nobody looked at is told when its future is dropped", "[pool]", EVERY_POOL) {
  TestType pool{{.workers = 1}};
  std::atomic<int> told{0};
  std::atomic<wp::task_id> id{0};
  auto subscription = pool.template on_event<wp::event::unobserved_error>([&](const wp::event::unobserved_error& news) {
    id = news.task;
    ++told;
  });
  {
    auto looked_at = pool.submit([] { throw 1; });
    CHECK_THROWS_AS(looked_at.get(), int);
  }
  CHECK(told == 0);
  wp::task_id expected = 0;
  {
    auto ignored = pool.submit([] { throw 1; });
    expected = ignored.id();
    ignored.wait();
  }
  REQUIRE(eventually([&] { return told == 1; }));
  CHECK(id == expected);
  static_cast<void>(pool.submit([] { throw 1; }));  // dropped before it ran
  REQUIRE(eventually([&] { return told == 2; }));
}

TEMPLATE_TEST_CASE("events tell the life of tasks and workers", "[pool]", EVERY_POOL) {
  std::atomic<int> started{0}, settled{0}, exited{0};
  {
    TestType pool{{.workers = 2}};
    pool.template on_event<wp::event::task_started>([&](const auto&) { ++started; });
    pool.template on_event<wp::event::task_settled>([&](const auto&) { ++settled; });
    pool.template on_event<wp::event::worker_exited>([&](const wp::event::worker_exited& news) {
      if (news.planned) ++exited;
    });
    for (int n = 0; n < 10; ++n) pool.post([] {});
    pool.pause();
    auto waiting = pool.submit([] {});
    static_cast<void>(waiting.cancel());
    pool.resume();
  }
  CHECK(started == 10);
  CHECK(settled == 11);
  CHECK(exited == 2);
}

TEST_CASE("this_worker knows where a task runs", "[pool]") {
  pool_of_lanes pool{{.workers = 1}};
  CHECK(pool.submit([] { return wp::this_worker::id(); }).get() == 0);
  CHECK(wp::this_worker::id() == wp::detail::no_worker);
  CHECK_FALSE(wp::this_worker::stop_token().stop_possible());
  std::latch running{1};
  auto polls = pool.submit([&] {
    const std::stop_token stop = wp::this_worker::stop_token();
    running.count_down();
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  running.wait();
  CHECK(polls.cancel() == wp::cancel_result::stop_requested);
  polls.get();
}

TEST_CASE("options that cannot be used are refused by name before any thread exists", "[pool]") {
  const auto field_of = [](wp::pool_options options) -> std::string {
    try {
      pool_of_lanes pool{options};
    } catch (const wp::bad_config& error) {
      CHECK(std::string(error.what()).find(std::string(error.field())) != std::string::npos);
      return std::string(error.field());
    }
    return "accepted";
  };
  CHECK(field_of({.workers = {3, 2}}) == "workers.min");
  CHECK(field_of({.workers = 4097}) == "workers");
  CHECK(field_of({.workers = {1, 2}}) == "accepted");
  CHECK(field_of({.workers = {1, 4097}}) == "workers");
  CHECK(field_of({.idle_timeout = -1ns}) == "idle_timeout");
  CHECK(field_of({.cpus = {-1}}) == "cpus");
  CHECK(field_of({.cpus = {1 << 20}}) == "cpus");
  CHECK(field_of({.nice = 20}) == "nice");
  CHECK(field_of({.nice = -21}) == "nice");
  CHECK(field_of({.max_overrun = 4097}) == "max_overrun");
  CHECK(field_of({.queue = {.on_full = static_cast<wp::on_full>(9)}}) == "queue.on_full");
  CHECK(field_of({.on_uncaught = static_cast<wp::on_uncaught>(9)}) == "on_uncaught");
  CHECK(field_of({}) == "accepted");
  pool_of_lanes pool{1};
  const auto wrong = static_cast<wp::priority>(4);
  CHECK_THROWS_AS(pool.submit({.priority = wrong}, [] {}), wp::bad_config);
  CHECK_THROWS_AS(pool.try_submit({.priority = wrong}, [] {}), wp::bad_config);
  CHECK_THROWS_AS(pool.post({.priority = wrong}, [] {}), wp::bad_config);
  CHECK_THROWS_AS(pool.submit_bulk({.priority = wrong}, 1, [](std::size_t) {}), wp::bad_config);
  CHECK_THROWS_AS(pool.submit({.timeout = 0ns}, [] {}), wp::bad_config);
  CHECK_THROWS_AS(pool.post_every(0ns, [] {}), wp::bad_config);
  CHECK_THROWS_AS(pool.resize({2, 1}), wp::bad_config);
  CHECK_THROWS_AS(pool.resize(4097), wp::bad_config);
  CHECK_THROWS_AS(pool.purge(wrong), wp::bad_config);
  CHECK_THROWS_AS(pool.shutdown({.drain = -1ns}), wp::bad_config);
  CHECK_THROWS_AS(pool.shutdown({.pending = static_cast<wp::pending>(2)}), wp::bad_config);
  CHECK(pool.stats().submitted == 0);
  CHECK(pool.submit([] { return 1; }).get() == 1);
}

TEST_CASE("a pool without a size takes as many workers as the process may use", "[pool]") {
  pool_of_lanes pool;
  CHECK(pool.workers().size() == wp::default_concurrency());
}

TEST_CASE("names of tasks appear in their errors", "[pool]") {
  busy_pool<pool_of_lanes> busy;
  auto waiting = busy.pool.submit({.name = "thumb"}, [] {});
  static_cast<void>(waiting.cancel());
  CHECK_THROWS_WITH(waiting.get(), Catch::Matchers::ContainsSubstring("'thumb' was cancelled"));
}
