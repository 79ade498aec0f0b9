#include <workpool/algorithm/task_group.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/core/event.hpp>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/frames.hpp"
#include "support/gate.hpp"
#include "support/object_census.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::object_census;

namespace {

void wait_for_stop(const std::stop_token& stop) {
  while (!stop.stop_requested()) std::this_thread::yield();
}

/// Keeps the one worker of a pool busy until it is let go.
class busy_worker {
 public:
  explicit busy_worker(wp::thread_pool& pool) {
    pool.post([held = held_] { held->wait(); });
    held_->await_arrivals(1);
  }
  busy_worker(const busy_worker&) = delete;
  busy_worker& operator=(const busy_worker&) = delete;
  ~busy_worker() { let_go(); }
  void let_go() { held_->open(); }

 private:
  const std::shared_ptr<gate> held_ = std::make_shared<gate>();  // the worker may be on its way out of it
};

static_assert(std::is_constructible_v<wp::task_group, wp::thread_pool&>);
static_assert(!std::is_copy_constructible_v<wp::task_group> && !std::is_move_constructible_v<wp::task_group>);
static_assert(!std::is_constructible_v<wp::task_group, wp::task_group&>);
static_assert(!std::is_constructible_v<wp::task_group, int&>);
static_assert(!std::is_convertible_v<wp::thread_pool&, wp::task_group>);

template <class... Parts>
concept can_be_run = requires(wp::task_group& group, Parts&&... parts) {
  group.run(std::forward<Parts>(parts)...);
};
static_assert(can_be_run<void (*)()>);
static_assert(can_be_run<const wp::task_options&, int (*)(int), int>);
static_assert(!can_be_run<void (*)(int)>);
static_assert(!can_be_run<int>);

/// The leaves below a node of a binary tree of this depth, counted by a group at each node.
int leaves(wp::thread_pool& pool, int depth) {
  if (depth == 0) return 1;
  int left = 0;
  wp::task_group below{pool};
  below.run([&] { left = leaves(pool, depth - 1); });
  const int right = leaves(pool, depth - 1);
  below.wait();
  return left + right;
}

void descend(wp::thread_pool& pool, int depth, int& reached) {
  ++reached;
  if (depth == 0) return;
  wp::task_group below{pool};
  below.run([&pool, depth, &reached] { descend(pool, depth - 1, reached); });
  below.wait();
}

}  // namespace

TEST_CASE("wait returns when all that was run has returned", "[task_group]") {
  wp::thread_pool pool{2};
  wp::task_group group{pool};
  std::atomic<int> returned{0};
  for (int round = 1; round <= 20; ++round) {
    for (int n = 0; n < 50; ++n) group.run([&] { ++returned; });
    group.wait();
    REQUIRE(returned == 50 * round);
    const wp::pool_stats now = pool.stats();
    REQUIRE(now.completed == static_cast<std::uint64_t>(50 * round));
    REQUIRE(now.running == 0);
  }
}

TEST_CASE("waiting for nothing returns at once", "[task_group]") {
  wp::thread_pool pool{1};
  busy_worker busy(pool);
  wp::task_group group{pool};
  group.wait();
  group.cancel();
  group.wait();
  CHECK(pool.stats().submitted == 1);
  busy.let_go();
}

TEST_CASE("a group runs what submit would run", "[task_group]") {
  wp::thread_pool pool{2};
  wp::task_group group{pool};
  std::atomic<int> sum{0};
  std::atomic<bool> stoppable{false};
  group.run([&sum, box = std::make_unique<int>(1)] { sum += *box; });
  group.run([&sum](std::unique_ptr<int> box, int n) { sum += *box * n; }, std::make_unique<int>(10), 2);
  group.run(
      [&](std::stop_token stop, const std::string& text) {
        stoppable = stop.stop_possible() && !stop.stop_requested();
        sum += static_cast<int>(text.size());
      },
      "text");
  group.run({.name = "dropped"}, [&sum] { return sum += 100; });
  struct counter {
    std::atomic<int>& of;
    void add(int n) const { of += n; }
  };
  group.run(&counter::add, counter{sum}, 1000);
  const std::function<void()> named = [&sum] { sum += 10000; };
  group.run(named);
  group.wait();
  CHECK(sum == 11125);
  CHECK(stoppable);
}

TEST_CASE("arguments are copied when the task is run, not when it starts", "[task_group]") {
  wp::thread_pool pool{1};
  busy_worker busy(pool);
  wp::task_group group{pool};
  std::string text = "before";
  std::string seen;
  group.run([&seen](const std::string& copy) { seen = copy; }, text);
  text = "after";
  busy.let_go();
  group.wait();
  CHECK(seen == "before");
}

TEST_CASE("a null callable is refused and the group goes on", "[task_group]") {
  wp::thread_pool pool{1};
  wp::task_group group{pool};
  bool ran = false;
  CHECK_THROWS_AS(group.run(std::function<void()>()), std::bad_function_call);
  CHECK_THROWS_AS(group.run({.priority = static_cast<wp::priority>(9)}, [] {}), wp::bad_config);
  group.run([&] { ran = true; });
  group.wait();
  CHECK(ran);
  CHECK(pool.stats().submitted == 1);
}

TEST_CASE("options reach the task", "[task_group]") {
  wp::thread_pool pool{1};
  busy_worker busy(pool);
  wp::task_group group{pool};
  std::string order;
  group.run({.priority = wp::priority::low}, [&] { order += 'l'; });
  group.run([&] { order += 'n'; });
  group.run({.priority = wp::priority::critical}, [&] { order += 'c'; });
  busy.let_go();
  group.wait();
  CHECK(order == "cnl");
}

TEST_CASE("the first error comes out of wait and cancels what has not started", "[task_group]") {
  wp::thread_pool pool{1};
  gate held;
  object_census captures;
  std::atomic<int> others{0};
  wp::task_group group{pool};
  group.run([&] {
    held.wait();
    throw std::out_of_range("first");
  });
  held.await_arrivals(1);
  for (int n = 0; n < 100; ++n) group.run([&others, kept = captures.make()] { ++others; });
  CHECK(captures.alive() == 100);
  held.open();
  CHECK_THROWS_AS(group.wait(), std::out_of_range);
  CHECK(others == 0);
  CHECK(captures.alive() == 0);
  const wp::pool_stats now = pool.stats();
  CHECK(now.failed == 1);
  CHECK(now.cancelled == 100);
}

TEST_CASE("an error cancels the rest before anybody waits", "[task_group]") {
  wp::thread_pool pool{1};
  busy_worker busy(pool);
  wp::task_group group{pool};
  group.run([] { throw 1; });
  for (int n = 0; n < 10; ++n) group.run([] {});
  busy.let_go();
  CHECK(eventually([&] { return pool.stats().cancelled == 10; }));
  CHECK_THROWS_AS(group.wait(), int);
}

TEST_CASE("after an error wait returns only when every body has, and bodies are asked to stop", "[task_group]") {
  wp::thread_pool pool{3};
  std::latch running{2};
  std::atomic<int> returned{0};
  wp::task_group group{pool};
  for (int n = 0; n < 2; ++n) {
    group.run([&](const std::stop_token& stop) {
      running.count_down();
      wait_for_stop(stop);
      for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
      ++returned;
    });
  }
  group.run([&] {
    running.wait();
    throw std::runtime_error("third");
  });
  CHECK_THROWS_WITH(group.wait(), "third");
  CHECK(returned == 2);
  CHECK(pool.stats().running == 0);
}

TEST_CASE("of two errors the earlier one is rethrown and the later one told as unobserved", "[task_group]") {
  wp::thread_pool pool{2};
  std::atomic<int> unseen{0};
  const wp::subscription listener =
      pool.on_event<wp::event::unobserved_error>([&](const wp::event::unobserved_error&) { ++unseen; });
  {
    std::latch both{2};
    wp::task_group group{pool};
    group.run([&](const std::stop_token& stop) {
      both.arrive_and_wait();
      wait_for_stop(stop);
      throw std::runtime_error("later");
    });
    group.run([&] {
      both.arrive_and_wait();
      throw std::runtime_error("earlier");
    });
    CHECK_THROWS_WITH(group.wait(), "earlier");
    group.wait();
  }
  pool.wait_idle();
  CHECK(eventually([&] { return unseen == 1; }));
}

TEST_CASE("after an error the group can be used again", "[task_group]") {
  wp::thread_pool pool{2};
  wp::task_group group{pool};
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> ran{0};
    group.run([] { throw std::runtime_error("again"); });
    for (int n = 0; n < 5; ++n) group.run([&] { ++ran; });
    REQUIRE_THROWS_WITH(group.wait(), "again");
    ran = 0;
    for (int n = 0; n < 5; ++n) group.run([&] { ++ran; });
    group.wait();
    REQUIRE(ran == 5);
  }
}

TEST_CASE("a body that throws task_cancelled is no error and cancels nobody", "[task_group]") {
  wp::thread_pool pool{1};
  busy_worker busy(pool);
  wp::task_group group{pool};
  int ran = 0;
  group.run([] { throw wp::task_cancelled("enough"); });
  group.run([&] { ++ran; });
  busy.let_go();
  group.wait();
  CHECK(ran == 1);
  CHECK(pool.stats().cancelled == 1);
}

TEST_CASE("cancel keeps what waits from running and asks what runs to stop, and wait then returns normally",
          "[task_group]") {
  wp::thread_pool pool{1};
  gate started;
  object_census captures;
  std::atomic<int> ran{0};
  std::atomic<bool> returned{false};
  wp::task_group group{pool};
  group.run([&](const std::stop_token& stop) {
    started.wait();
    wait_for_stop(stop);
    returned = true;
  });
  started.await_arrivals(1);
  for (int n = 0; n < 20; ++n) group.run([&ran, kept = captures.make()] { ++ran; });
  group.cancel();
  CHECK(captures.alive() == 0);
  started.open();
  group.wait();
  CHECK(returned);
  CHECK(ran == 0);
  CHECK(pool.stats().cancelled == 20);
}

TEST_CASE("what is run between a cancel and the end of the wait is dropped", "[task_group]") {
  wp::thread_pool pool{1};
  wp::task_group group{pool};
  object_census captures;
  int ran = 0;
  group.cancel();
  group.run([&ran, kept = captures.make()] { ++ran; });
  CHECK(captures.alive() == 0);
  group.wait();
  CHECK(ran == 0);
  group.run([&ran, kept = captures.make()] { ++ran; });
  group.wait();
  CHECK(ran == 1);
  CHECK(captures.alive() == 0);
}

TEST_CASE("a task that goes on after a cancel cannot keep the group alive by running more", "[task_group]") {
  wp::thread_pool pool{2};
  wp::task_group group{pool};
  gate begun;
  std::function<void()> again = [&] { group.run(again); };
  group.run(again);
  group.run([&] { begun.wait(); });
  begun.await_arrivals(1);
  group.cancel();
  begun.open();
  group.wait();
  SUCCEED();
}

TEST_CASE("an error of a body that was asked to stop is still an error", "[task_group]") {
  wp::thread_pool pool{1};
  gate started;
  wp::task_group group{pool};
  group.run([&](const std::stop_token& stop) {
    started.wait();
    wait_for_stop(stop);
    throw std::runtime_error("half done");
  });
  started.await_arrivals(1);
  group.cancel();
  started.open();
  CHECK_THROWS_WITH(group.wait(), "half done");
}

TEST_CASE("a purge is a cancel, not an error", "[task_group]") {
  wp::thread_pool pool{1};
  busy_worker busy(pool);
  wp::task_group group{pool};
  int ran = 0;
  group.run([&] { ++ran; });
  CHECK(pool.purge() == 1);
  group.run([&] { ran += 10; });
  busy.let_go();
  group.wait();
  CHECK(ran == 10);
}

TEST_CASE("a task that is discarded is an error and cancels the rest", "[task_group]") {
  wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 2, .on_full = wp::on_full::drop_oldest}}};
  gate started;
  wp::task_group group{pool};
  int ran = 0;
  group.run([&](const std::stop_token& stop) {
    started.wait();
    wait_for_stop(stop);
  });
  started.await_arrivals(1);
  for (int n = 0; n < 3; ++n) group.run([&] { ++ran; });
  started.open();
  CHECK_THROWS_AS(group.wait(), wp::task_discarded);
  CHECK(ran == 0);
  CHECK(pool.stats().discarded == 1);
  CHECK(pool.stats().cancelled == 2);
}

TEST_CASE("a shutdown that discards what waits is an error of the group", "[task_group]") {
  wp::thread_pool pool{1};
  gate held;
  wp::task_group group{pool};
  group.run([&] { held.wait(); });
  held.await_arrivals(1);
  for (int n = 0; n < 1000; ++n) group.run([] {});
  std::thread closer([&] { pool.shutdown({.pending = wp::pending::discard}); });
  CHECK(eventually([&] { return pool.stats().queued == 0; }));
  held.open();
  CHECK_THROWS_AS(group.wait(), wp::task_discarded);
  closer.join();
}

TEST_CASE("a group still waits for bodies that a forced shutdown has abandoned", "[task_group]") {
  gate held;
  std::atomic<bool> returned{false};
  wp::thread_pool pool{1};
  wp::task_group group{pool};
  group.run([&] {
    held.wait();
    for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
    returned = true;
  });
  held.await_arrivals(1);
  CHECK(pool.shutdown({.drain = 0ns}).abandoned == 1);
  std::thread opener([&] {
    for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
    held.open();
  });
  group.wait();
  CHECK(returned);
  opener.join();
}

TEST_CASE("a refused run leaves the group as it was", "[task_group]") {
  wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::reject}}};
  busy_worker busy(pool);
  object_census captures;
  wp::task_group group{pool};
  int ran = 0;
  group.run([&ran, kept = captures.make()] { ++ran; });
  for (int n = 0; n < 5; ++n) {
    CHECK_THROWS_AS(group.run([&ran, kept = captures.make()] { ++ran; }), wp::queue_full);
  }
  CHECK(captures.alive() == 1);
  busy.let_go();
  group.wait();
  CHECK(ran == 1);
  pool.shutdown();
  CHECK_THROWS_AS(group.run([&ran] { ++ran; }), wp::pool_stopped);
  group.wait();
  CHECK(ran == 1);
}

TEST_CASE("a callable whose copy throws leaves the group as it was", "[task_group]") {
  struct hard_to_copy {
    hard_to_copy() = default;
    hard_to_copy(const hard_to_copy&) { throw std::runtime_error("no copy"); }
    void operator()() const {}
  };
  wp::thread_pool pool{1};
  wp::task_group group{pool};
  const hard_to_copy one;
  CHECK_THROWS_WITH(group.run(one), "no copy");
  group.wait();
  CHECK(pool.stats().submitted == 0);
}

TEST_CASE("a group outlives its pool", "[task_group]") {
  std::optional<wp::thread_pool> pool(std::in_place, 2U);
  wp::task_group group{*pool};
  std::atomic<int> ran{0};
  for (int n = 0; n < 100; ++n) group.run([&] { ++ran; });
  pool.reset();
  group.wait();
  CHECK(ran == 100);
}

TEST_CASE("tasks of a group run more tasks of it, and wait sees the last of them", "[task_group]") {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    wp::thread_pool pool{workers};
    wp::task_group group{pool};
    std::atomic<int> nodes{0};
    std::function<void(int)> grow = [&](int depth) {
      ++nodes;
      if (depth == 0) return;
      group.run(grow, depth - 1);
      group.run(grow, depth - 1);
    };
    group.run(grow, 10);
    group.wait();
    CHECK(nodes == 2047);
  }
}

TEST_CASE("several threads run tasks of one group", "[task_group]") {
  wp::thread_pool pool{2};
  wp::task_group group{pool};
  std::atomic<int> ran{0};
  std::vector<std::thread> producers;
  for (int n = 0; n < 4; ++n) {
    producers.emplace_back([&] {
      for (int turn = 0; turn < 2000; ++turn) group.run([&] { ++ran; });
    });
  }
  for (std::thread& one : producers) one.join();
  group.wait();
  CHECK(ran == 8000);
}

TEST_CASE("several threads wait for one group, and one of them gets the error", "[task_group]") {
  for (int round = 0; round < 50; ++round) {
    wp::thread_pool pool{2};
    gate held;
    wp::task_group group{pool};
    std::atomic<int> bodies{0};
    for (int n = 0; n < 2; ++n) {
      group.run([&] {
        held.wait();
        ++bodies;
        throw std::runtime_error("once");
      });
    }
    held.await_arrivals(2);
    std::atomic<int> errors{0};
    std::atomic<int> too_early{0};
    std::vector<std::thread> waiting;
    for (int n = 0; n < 3; ++n) {
      waiting.emplace_back([&] {
        try {
          group.wait();
        } catch (const std::runtime_error&) {
          ++errors;
        }
        if (bodies != 2) ++too_early;
      });
    }
    held.open();
    for (std::thread& one : waiting) one.join();
    REQUIRE(errors == 1);
    REQUIRE(too_early == 0);
  }
}

TEST_CASE("the destructor cancels what has not started and waits for what runs", "[task_group]") {
  wp::thread_pool pool{1};
  gate started;
  object_census captures;
  std::atomic<int> ran{0};
  std::atomic<bool> returned{false};
  {
    wp::task_group group{pool};
    group.run([&](const std::stop_token& stop) {
      started.wait();
      wait_for_stop(stop);
      for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
      returned = true;
    });
    started.await_arrivals(1);
    for (int n = 0; n < 50; ++n) group.run([&ran, kept = captures.make()] { ++ran; });
    started.open();
  }
  CHECK(returned);
  CHECK(ran == 0);
  CHECK(captures.alive() == 0);
  CHECK(pool.stats().cancelled == 50);
}

TEST_CASE("the destructor does not throw what nobody waited for, and tells the pool's listeners", "[task_group]") {
  wp::thread_pool pool{1};
  std::atomic<int> unseen{0};
  const wp::subscription listener =
      pool.on_event<wp::event::unobserved_error>([&](const wp::event::unobserved_error&) { ++unseen; });
  {
    wp::task_group group{pool};
    group.run([] { throw std::runtime_error("unseen"); });
    CHECK(eventually([&] { return pool.stats().failed == 1; }));
  }
  CHECK(eventually([&] { return unseen == 1; }));  // who holds it last tells
}

TEST_CASE("a body's captures are gone when wait returns", "[task_group]") {
  wp::thread_pool pool{2};
  object_census captures;
  wp::task_group group{pool};
  for (int round = 0; round < 300; ++round) {
    for (int n = 0; n < 4; ++n) group.run([kept = captures.make()] {});
    group.wait();
    REQUIRE(captures.alive() == 0);
  }
}

TEST_CASE("a capture's destructor may use the group", "[task_group]") {
  struct calls_back {
    wp::task_group* group;
    std::atomic<int>* ran;
    calls_back(wp::task_group& of, std::atomic<int>& count) : group(&of), ran(&count) {}
    calls_back(calls_back&& other) noexcept : group(std::exchange(other.group, nullptr)), ran(other.ran) {}
    ~calls_back() {
      if (group == nullptr) return;
      group->run([to = ran] { ++*to; });
      if (*ran > 1000000) group->cancel();
    }
  };
  wp::thread_pool pool{1};
  std::atomic<int> ran{0};
  wp::task_group group{pool};
  for (int n = 0; n < 100; ++n) group.run([kept = calls_back(group, ran)] {});
  group.wait();
  CHECK(ran == 100);
  busy_worker busy(pool);
  for (int n = 0; n < 100; ++n) group.run([kept = calls_back(group, ran)] {});
  group.cancel();
  busy.let_go();
  group.wait();
  CHECK(ran == 100);
}

TEST_CASE("an outside thread that waits runs nothing", "[task_group]") {
  wp::thread_pool pool{2};
  wp::task_group group{pool};
  std::atomic<int> here{0};
  const std::thread::id me = std::this_thread::get_id();
  for (int n = 0; n < 500; ++n) {
    group.run([&] {
      if (std::this_thread::get_id() == me) ++here;
    });
  }
  group.wait();
  CHECK(here == 0);
}

TEST_CASE("a worker of another pool that waits runs nothing", "[task_group]") {
  wp::thread_pool pool{1};
  wp::thread_pool other{1};
  auto waiter = other.submit([&] {
    wp::task_group group{pool};
    std::atomic<int> here{0};
    const std::thread::id me = std::this_thread::get_id();
    for (int n = 0; n < 50; ++n) {
      group.run([&] {
        if (std::this_thread::get_id() == me) ++here;
      });
    }
    group.wait();
    return here.load();
  });
  CHECK(waiter.get() == 0);
}

TEST_CASE("a worker that waits runs what has not started, newest first", "[task_group]") {
  wp::thread_pool pool{1};
  auto order = pool.submit([&] {
    std::string seen;
    wp::task_group group{pool};
    for (const char name : {'a', 'b', 'c'}) group.run([&seen, name] { seen += name; });
    group.wait();
    return seen;
  });
  CHECK(order.get() == "cba");
}

TEST_CASE("a worker runs all that has not started before it parks for what runs elsewhere", "[task_group]") {
  wp::thread_pool pool{2};
  gate elsewhere;
  std::atomic<int> ran{0};
  auto waiter = pool.submit([&] {
    wp::task_group group{pool};
    group.run([&] { elsewhere.wait(); });
    elsewhere.await_arrivals(1);  // by the other worker: this one is here
    // Runs here, or the other worker would have to be free. The last one lets the other worker go.
    for (int n = 0; n < 10; ++n) {
      group.run([&] {
        if (++ran == 10) elsewhere.open();
      });
    }
    group.wait();
    return ran.load();
  });
  CHECK(waiter.get() == 10);
}

TEST_CASE("wait never runs a stranger's task, so a lock may be held across it", "[task_group]") {
  for (const std::size_t workers : {1U, 2U, 3U}) {
    wp::thread_pool pool{workers};
    std::mutex locked;
    std::atomic<int> strangers{0};
    std::vector<wp::future<void>> all;
    const auto holder = [&] {
      for (int turn = 0; turn < 20; ++turn) {
        // A stranger run inside the wait below would lock the mutex twice on one thread, and hang.
        pool.post([&] {
          const std::lock_guard hold(locked);
          ++strangers;
        });
        const std::lock_guard hold(locked);
        wp::task_group group{pool};
        std::atomic<int> ran{0};
        for (int n = 0; n < 8; ++n) group.run([&] { ++ran; });
        group.wait();
        if (ran != 8) throw std::logic_error("wait came back too early");
      }
    };
    for (std::size_t n = 0; n < workers; ++n) all.push_back(pool.submit(holder));
    for (wp::future<void>& one : all) one.get();
    pool.wait_idle();
    CHECK(strangers == static_cast<int>(20 * workers));
  }
}

TEST_CASE("groups inside tasks of groups end on one worker, ten thousand deep", "[task_group]") {
  // A level takes 700 bytes of stack in an optimised build. Where it takes more, further workers stand in.
  // ThreadSanitizer keeps a copy of the whole call stack for every lock it sees made: 20 GB for ten thousand levels.
  constexpr std::size_t spares = workpool_test::large_frames ? 64 : 1;
  constexpr int depth = WORKPOOL_UNDER_TSAN ? 2'000 : 10'000;
  wp::thread_pool pool{{.workers = 1, .max_overrun = spares}};
  int reached = 0;
  wp::task_group top{pool};
  top.run([&] { descend(pool, depth, reached); });
  top.wait();
  CHECK(reached == depth + 1);
}

TEST_CASE("fork and join by groups counts every leaf on any number of workers", "[task_group]") {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    wp::thread_pool pool{workers};
    for (int round = 0; round < 3; ++round) {
      CHECK(pool.submit([&] { return leaves(pool, 11); }).get() == 2048);
    }
  }
}

TEST_CASE("a group inside a task works in a queue that is full", "[task_group]") {
  for (const wp::on_full policy : {wp::on_full::block, wp::on_full::caller_runs}) {
    wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1, .on_full = policy}}};
    CHECK(pool.submit([&] { return leaves(pool, 8); }).get() == 256);
  }
}

TEST_CASE("an error deep inside comes out at the top", "[task_group]") {
  wp::thread_pool pool{2};
  std::function<void(int)> dive = [&](int depth) {
    if (depth == 0) throw std::runtime_error("the bottom");
    wp::task_group below{pool};
    below.run(dive, depth - 1);
    below.run([] {});
    below.wait();
  };
  wp::task_group top{pool};
  top.run(dive, 100);
  CHECK_THROWS_WITH(top.wait(), "the bottom");
}

TEST_CASE("a body that waits for its own group is told, and the group goes on", "[task_group]") {
  for (const std::size_t workers : {1U, 2U}) {
    wp::thread_pool pool{workers};
    wp::task_group group{pool};
    std::string said;
    std::atomic<int> others{0};
    group.run([&] {
      for (int n = 0; n < 5; ++n) group.run([&] { ++others; });
      try {
        group.wait();
      } catch (const wp::would_deadlock& error) {
        said = error.what();
      }
    });
    group.wait();
    CHECK_THAT(said, Catch::Matchers::ContainsSubstring("inside a body of the same group"));
    CHECK(others == 5);
  }
}

TEST_CASE("so is a body that waits for its own group in a task it runs itself", "[task_group]") {
  wp::thread_pool pool{1};
  wp::task_group group{pool};
  group.run([&] { pool.submit([&] { group.wait(); }).get(); });
  CHECK_THROWS_AS(group.wait(), wp::would_deadlock);
}

TEST_CASE("a group of very many tasks keeps few of those that are over", "[task_group]") {
  static std::atomic<int> alive;
  alive = 0;
  // An exception lives as long as its task is kept.
  struct counted : wp::task_cancelled {
    counted() : task_cancelled("counted") { ++alive; }
    counted(const counted& other) : task_cancelled(other) { ++alive; }
    ~counted() override { --alive; }
  };
  wp::thread_pool pool{1};
  wp::task_group group{pool};
  int most = 0;
  for (int n = 0; n < 5000; ++n) {
    group.run([] { throw counted(); });
    pool.wait_idle();
    most = std::max(most, alive.load());
  }
  CHECK(most > 0);
  CHECK(most <= 64);
  group.wait();
  CHECK(eventually([&] { return alive == 0; }));
}

TEST_CASE("runs, errors, cancels and waits in any order lose nothing", "[task_group]") {
  wp::thread_pool pool{3};
  object_census captures;
  for (int round = 0; round < 300; ++round) {
    wp::task_group group{pool};
    std::atomic<int> bodies{0};
    std::thread canceller([&] {
      if (round % 3 == 0) group.cancel();
    });
    for (int n = 0; n < 30; ++n) {
      group.run([&, n, kept = captures.make()] {
        ++bodies;
        if (round % 2 == 0 && n == 7) throw std::runtime_error("seven");
        if (n % 5 == 0) group.run([&bodies, more = captures.make()] { ++bodies; });
      });
    }
    canceller.join();
    try {
      group.wait();
      if (round % 3 != 0) CHECK(round % 2 != 0);
    } catch (const std::runtime_error&) {
      CHECK(round % 2 == 0);
    }
    REQUIRE(captures.alive() == 0);
    if (round % 2 != 0 && round % 3 != 0) REQUIRE(bodies == 36);
  }
  const wp::pool_stats now = pool.stats();
  CHECK(now.accepted == now.completed + now.failed + now.cancelled);
}

TEST_CASE("a wait in another thread does not overtake a run whose body has failed already") {
  wp::basic_thread_pool<> pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::caller_runs}}};
  pool.pause();
  pool.post([] {});  // full: every body runs within run()
  wp::task_group group(pool);
  std::atomic<bool> over{false};
  int failures = 0;
  std::thread waiter([&] {
    do {
      try {
        group.wait();
      } catch (const std::runtime_error&) {
        ++failures;
      }
    } while (!over);
  });
  for (int turn = 0; turn < 100'000; ++turn) group.run([] { throw std::runtime_error("at once"); });
  over = true;
  waiter.join();
  CHECK(failures > 0);
  try {
    group.wait();
  } catch (const std::runtime_error&) {
    ++failures;
  }
  CHECK_NOTHROW(group.wait());
}
