#include <workpool/pool/basic_fork_pool.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/shutdown_options.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/own_channel.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::numbers_variable;
using workpool_test::row_of_the_test;
using workpool_test::shared_numbers_side;

// A worker whose tasks are short is sent the next ones before it has answered. Nothing that holds of tasks that wait is
// given up for that: these tests have a task that takes long keep others waiting that may have been sent after it.

namespace {

enum place : std::size_t { entered, turns, ran, attempted, released };

int twice(int value) { return 2 * value; }
/// Until the test lets this worker go on.
int hold() {
  const wp::worker_id me = wp::this_worker::id();
  ++row_of_the_test()[entered];
  while (row_of_the_test()[released + me] == 0) ::usleep(200);
  return ::getpid();
}
/// Gives: which turn it was, from 1 on.
std::int64_t take_turn() {
  ++row_of_the_test()[ran];
  return ++row_of_the_test()[turns];
}
int own_pid() { return ::getpid(); }

/// Workers that are known to have short tasks.
struct warm_pool {
  explicit warm_pool(unsigned workers, unsigned max_tasks = 0, unsigned aging = wp::queue_options().aging)
      : pool(options(numbers, workers, max_tasks, aging)) {
    for (int n = 0; n < 200; ++n) pool.submit(twice, n).get();
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 500; ++n) all.push_back(pool.submit(twice, n));
    for (auto& one : all) one.get();
  }
  static wp::fork_pool_options options(const shared_numbers_side& numbers, unsigned workers, unsigned max_tasks,
                                       unsigned aging = wp::queue_options().aging) {
    wp::fork_pool_options made;
    made.workers = workers;
    made.env = {{numbers_variable, numbers.handle().path}};
    made.health.every = wp::duration::zero();
    made.max_tasks = max_tasks;
    made.queue.aging = aging;
    return made;
  }
  /// Every worker has a task that does not end before it is released.
  std::vector<wp::future<int>> hold_all() {
    std::vector<wp::future<int>> holding;
    const auto count = static_cast<std::int64_t>(pool.workers().size());
    for (std::int64_t n = 0; n < count; ++n) holding.push_back(pool.submit(hold));
    REQUIRE(eventually([&] { return numbers[entered] == count; }));
    return holding;
  }
  std::vector<wp::future<std::int64_t>> submit_turns(int count, wp::priority lane = wp::priority::normal) {
    std::vector<wp::future<std::int64_t>> all;
    for (int n = 0; n < count; ++n) all.push_back(pool.submit(wp::task_options{.priority = lane}, take_turn));
    return all;
  }
  void release(wp::worker_id which) { numbers.set(released + which, 1); }

  shared_numbers_side numbers;
  wp::fork_pool pool;
};

}  // namespace

TEST_CASE("a worker with short tasks is sent the next ones before it has answered", "[fork_pool]") {
  warm_pool one(1);
  REQUIRE(eventually([&] {
    auto holding = one.pool.submit(hold);
    auto next = one.pool.submit(take_turn);
    const bool ahead = one.pool.workers()[0].in_flight > 1;
    one.release(0);
    holding.get();
    next.get();
    one.numbers.set(place::released, 0);
    return ahead;
  }));
}

TEST_CASE("what was sent after a task that takes long is done by another worker", "[fork_pool]") {
  warm_pool one(2);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  one.release(1);
  for (auto& each : all) CHECK(each.wait_for(20s) == std::future_status::ready);
  CHECK(one.numbers[ran] == 16);
  one.release(0);
  for (auto& each : holding) each.get();
}

TEST_CASE("a worker that is killed takes its running task along and none of those sent after it", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  ::kill(one.pool.workers()[0].pid, SIGKILL);
  CHECK_THROWS_AS(holding[0].get(), wp::worker_lost);
  for (auto& each : all) CHECK_NOTHROW(each.get());
  CHECK(one.numbers[ran] == 16);
  CHECK(one.pool.stats().worker_lost == 1);
}

TEST_CASE("nothing that was sent ahead starts in a pool that is paused", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  one.pool.pause();
  one.release(0);
  holding[0].get();
  REQUIRE(eventually([&] { return one.pool.workers()[0].state == wp::worker_state::idle; }));
  CHECK(one.numbers[ran] == 0);
  one.pool.resume();
  for (auto& each : all) each.get();
  CHECK(one.numbers[ran] == 16);
}

TEST_CASE("what is urgent overtakes what was sent ahead", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  auto high = one.submit_turns(1, wp::priority::high);
  auto critical = one.submit_turns(1, wp::priority::critical);
  one.release(0);
  CHECK(critical[0].get() == 1);
  CHECK(high[0].get() == 2);
  for (auto& each : all) CHECK(each.get() > 2);
}

TEST_CASE("a normal task lets at most 32 low ones go first that were sent ahead", "[fork_pool]") {
  warm_pool one(1, 0, 0);
  auto holding = one.hold_all();
  auto low = one.submit_turns(100, wp::priority::low);
  auto normal = one.submit_turns(1);
  one.release(0);
  CHECK(normal[0].get() <= 33);
  for (auto& each : low) each.get();
}

TEST_CASE("tasks of one lane that were sent ahead are done in their order", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(200);
  one.release(0);
  std::int64_t turn = 0;
  for (auto& each : all) CHECK(each.get() == ++turn);
}

TEST_CASE("low tasks that were taken back are not overtaken by low ones that came later", "[fork_pool]") {
  warm_pool one(1, 0, 0);
  const auto holding = one.hold_all();
  auto earlier = one.submit_turns(9, wp::priority::low);
  one.pool.pause();  // those that were sent ahead wait again
  auto later = one.submit_turns(10, wp::priority::low);
  auto normal = one.submit_turns(2);
  one.release(0);
  one.pool.resume();
  std::int64_t last = 0;
  for (auto* const some : {&earlier, &later}) {
    for (auto& each : *some) {
      const std::int64_t turn = each.get();
      CHECK(turn > last);
      last = turn;
    }
  }
  for (auto& each : normal) CHECK(each.get() <= 2 + 32);
}

TEST_CASE("a task that was sent ahead can be cancelled: it never runs, and its worker lives", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  for (const std::size_t which : {3U, 7U}) CHECK(all[which].cancel() == wp::cancel_result::dequeued);
  const int pid = one.pool.workers()[0].pid;
  one.release(0);
  CHECK(holding[0].get() == pid);
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (n == 3 || n == 7) {
      CHECK_THROWS_AS(all[n].get(), wp::task_cancelled);
    } else {
      CHECK_NOTHROW(all[n].get());
    }
  }
  CHECK(one.numbers[ran] == 14);
  CHECK(one.pool.submit(own_pid).get() == pid);
}

TEST_CASE("a task that is cancelled while it runs takes none along that were sent after it", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  CHECK(holding[0].cancel() != wp::cancel_result::too_late);
  CHECK_THROWS_AS(holding[0].get(), wp::task_cancelled);
  for (auto& each : all) CHECK_NOTHROW(each.get());
  CHECK(one.numbers[ran] == 16);
}

TEST_CASE("a task that runs out of time takes none along that were sent after it", "[fork_pool]") {
  warm_pool one(1);
  auto late = one.pool.submit(wp::task_options{.timeout = 1s}, hold);
  REQUIRE(eventually([&] { return one.numbers[entered] == 1; }));
  auto all = one.submit_turns(16);
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  for (auto& each : all) CHECK_NOTHROW(each.get());
  CHECK(one.numbers[ran] == 16);
}

TEST_CASE("a timeout counts from when the task can run, not from when it was sent ahead", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  std::vector<wp::future<std::int64_t>> all;
  for (int n = 0; n < 16; ++n) {
    all.push_back(one.pool.submit(wp::task_options{.timeout = 300ms}, take_turn));
  }
  CHECK(holding[0].wait_for(400ms) == std::future_status::timeout);
  one.release(0);
  for (auto& each : all) CHECK_NOTHROW(each.get());
}

TEST_CASE("a pool that is shut down discards what was sent ahead, and lets end what runs", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  const auto ear = one.pool.on_event<wp::event::task_settled>([&](const wp::event::task_settled&) { one.release(0); });
  one.pool.shutdown({.drain = 10s, .pending = wp::pending::discard});
  CHECK_NOTHROW(holding[0].get());
  for (auto& each : all) CHECK_THROWS_AS(each.get(), wp::task_discarded);
  CHECK(one.numbers[ran] == 0);
}

TEST_CASE("a worker is sent no more tasks ahead than it is to run", "[fork_pool]") {
  warm_pool one(2, 10);
  std::vector<wp::future<int>> all;
  for (int n = 0; n < 300; ++n) all.push_back(one.pool.submit(own_pid));
  std::map<int, int> by_worker;
  for (auto& each : all) ++by_worker[each.get()];
  for (const auto& [pid, count] : by_worker) CHECK(count <= 10);
  CHECK(one.pool.stats().worker_lost == 0);
}

TEST_CASE("a worker that is replaced gives back what it was sent ahead", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  const auto before = one.pool.workers()[0];
  one.pool.restart(0);
  one.release(0);
  CHECK(holding[0].get() == before.pid);
  for (auto& each : all) CHECK_NOTHROW(each.get());
  CHECK(one.numbers[ran] == 16);
  CHECK(eventually([&] { return one.pool.workers()[0].generation > before.generation; }));
}

TEST_CASE("what was sent ahead counts as queued until it begins", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  auto all = one.submit_turns(16);
  for (int n = 0; n < 100; ++n) {
    const wp::pool_stats now = one.pool.stats();
    REQUIRE(now.queued == 16);
    REQUIRE(now.running == 1);
  }
  one.release(0);
  for (auto& each : all) each.get();
}

TEST_CASE("what waits behind a task that takes long expires at its time", "[fork_pool]") {
  warm_pool one(1);
  auto holding = one.hold_all();
  std::vector<wp::future<std::int64_t>> all;
  for (int n = 0; n < 8; ++n) {
    all.push_back(one.pool.submit(wp::task_options{.expires_after = 20ms}, take_turn));
  }
  for (auto& each : all) CHECK_THROWS_AS(each.get(), wp::task_expired);
  one.release(0);
  holding[0].get();
  CHECK(one.numbers[ran] == 0);
}

TEST_CASE("cancels that come together with answers lose neither the answer nor the next task", "[fork_pool]") {
  warm_pool one(2);
  for (int round = 0; round < 300; ++round) {
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 16; ++n) all.push_back(one.pool.submit(twice, n));
    all[static_cast<std::size_t>(round % 8)].wait();
    for (auto& each : all) each.cancel();
    for (int n = 0; n < 16; ++n) {
      auto& each = all[static_cast<std::size_t>(n)];
      REQUIRE(each.wait_for(20s) == std::future_status::ready);
      int got = 2 * n;
      try {
        got = each.get();
      } catch (const wp::task_cancelled&) {
      }
      CHECK(got == 2 * n);
    }
  }
  CHECK(one.pool.stats().worker_lost == 0);
}

TEST_CASE("workers that are killed all at once under a flood of tasks cost one task each", "[fork_pool]") {
  warm_pool one(3);
  std::uint64_t lost = 0, right = 0;
  for (int round = 0; round < 10; ++round) {
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 1000; ++n) {
      all.push_back(one.pool.submit(twice, n));
      if (n != 500) continue;
      for (const auto& worker : one.pool.workers()) {
        if (worker.pid != 0) ::kill(worker.pid, SIGKILL);
      }
    }
    for (int n = 0; n < 1000; ++n) {
      auto& each = all[static_cast<std::size_t>(n)];
      REQUIRE(each.wait_for(20s) == std::future_status::ready);
      try {
        if (each.get() == 2 * n) ++right;
      } catch (const wp::worker_lost&) {
        ++lost;
      }
    }
  }
  CHECK(right + lost == 10'000);
  CHECK(lost <= 30);
}

TEST_CASE("a task of which nobody has heard yet that it runs ends by its timeout", "[fork_pool]") {
  warm_pool one(1);
  REQUIRE(eventually([&] {
    const auto before = one.pool.stats();
    one.pool.post(twice, 1);
    auto late = one.pool.submit(wp::task_options{.timeout = 50ms}, hold);
    auto third = one.pool.submit(take_turn);
    third.cancel();
    return eventually([&] { return one.pool.stats().timed_out == before.timed_out + 1; }) &&
           one.pool.stats().completed >= before.completed + 1;
  }));
}

TEST_CASE("what was taken back, sent once more and cancelled costs its worker nothing", "[fork_pool]") {
  warm_pool one(1);
  const int pid = one.pool.workers()[0].pid;
  auto holding = one.hold_all();
  auto all = one.submit_turns(64);
  auto urgent = one.submit_turns(1, wp::priority::critical);
  for (std::size_t n = all.size(); n-- > 0;) CHECK(all[n].cancel() == wp::cancel_result::dequeued);
  one.release(0);
  CHECK(holding[0].get() == pid);
  CHECK(urgent[0].get() == 1);
  CHECK(one.pool.submit(own_pid).get() == pid);
  CHECK(one.numbers[ran] == 1);
}

TEST_CASE("a worker that lies of what it has begun and talks without end is killed at its task's time") {
  warm_pool one(1);
  auto late = one.pool.submit(wp::task_options{.timeout = 200ms}, [] {
    ++row_of_the_test()[entered];
    if (char* const rings = workpool_test::own_rings()) {
      auto& begun = *reinterpret_cast<std::atomic<std::uint64_t>*>(rings - wp::detail::ring_stream::alignment);
      begun = 1'000'000;
    }
    for (;;) workpool_test::write_frame({.kind = wp::frame_kind::pong});
  });
  REQUIRE(eventually([&] { return one.numbers[entered] == 1; }));
  auto all = one.submit_turns(4);
  REQUIRE(late.wait_for(20s) == std::future_status::ready);
  CHECK_THROWS_AS(late.get(), wp::error);  // out of time, or found out
  for (auto& each : all) CHECK_NOTHROW(each.get());
  CHECK(one.numbers[ran] == 4);
}

TEST_CASE("an urgent retry overtakes what was sent ahead when its time comes") {
  warm_pool one(1, 0, 0);
  const wp::task_options again{.priority = wp::priority::critical,
                               .retry = {.max_attempts = 2, .backoff = {.initial = 300ms}}};
  auto urgent = one.pool.submit(again, [] {
    ++row_of_the_test()[attempted];
    if (wp::this_worker::attempt() < 2) throw std::runtime_error("not yet");
    return take_turn();
  });
  REQUIRE(eventually([&] { return one.numbers[attempted] == 1 && one.pool.stats().delayed == 1; }));
  auto holding = one.hold_all();
  auto all = one.submit_turns(600);
  REQUIRE(eventually([&] { return one.pool.stats().delayed == 0; }));
  one.release(0);
  CHECK(urgent.get() == 1);
  for (auto& each : all) CHECK_NOTHROW(each.get());
}

TEST_CASE("late tasks and retries come through a flood of short ones", "[fork_pool]") {
  warm_pool one(2);
  const wp::task_options again{.retry = {.max_attempts = 3, .backoff = {.initial = 0ms}}};
  std::vector<wp::future<int>> retried, all;
  for (int round = 0; round < 20; ++round) {
    retried.push_back(one.pool.submit(again, [] {
      if (wp::this_worker::attempt() < 3) throw std::runtime_error("not yet");
      return 7;
    }));
    one.pool.post_after(1ms, take_turn);
    for (int n = 0; n < 500; ++n) all.push_back(one.pool.submit(twice, n));
  }
  for (auto& each : retried) {
    REQUIRE(each.wait_for(20s) == std::future_status::ready);
    CHECK(each.get() == 7);
  }
  for (auto& each : all) REQUIRE(each.wait_for(20s) == std::future_status::ready);
  CHECK(eventually([&] { return one.numbers[ran] == 20; }));
}

TEST_CASE("a late task gets a worker while all are busy with others for long", "[fork_pool]") {
  warm_pool one(2);
  auto holding = one.hold_all();
  one.pool.post_after(1ms, take_turn);
  REQUIRE(eventually([&] { return one.pool.stats().delayed == 0; }));
  const auto before = one.pool.stats();
  CHECK(before.queued == 1);
  one.release(0);
  CHECK(eventually([&] { return one.numbers[ran] == 1; }));
  one.release(1);
}

TEST_CASE("a bulk whose call throws ends, however its parts were sent", "[fork_pool]") {
  warm_pool one(2);
  for (int round = 0; round < 50; ++round) {
    auto all = one.pool.submit_bulk(60, [](std::size_t n) {
      if (n % 7 == 3) throw std::runtime_error("three");
    });
    REQUIRE(all.wait_for(20s) == std::future_status::ready);
    CHECK_THROWS_AS(all.get(), wp::remote_error);
    auto other = one.pool.submit_bulk(60, [](std::size_t) {});
    other.cancel();
    REQUIRE(other.wait_for(20s) == std::future_status::ready);
  }
  CHECK(eventually([&] { return one.pool.stats().running == 0; }));
}

TEST_CASE("workers that grow too large under a flood are replaced, and every task is settled once", "[fork_pool]") {
  shared_numbers_side numbers;
  auto options = warm_pool::options(numbers, 2, 0);
  options.hard_memory = std::size_t{64} << 20;
  wp::fork_pool pool(options);
  const auto grow = [](int n) {
    static std::vector<std::vector<char>> kept;
    if (n % 500 == 0) kept.emplace_back(std::size_t{8} << 20, 'x');
    return n;
  };
  std::uint64_t right = 0, lost = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 1000; ++n) all.push_back(pool.submit(grow, n));
    for (int n = 0; n < 1000; ++n) {
      auto& each = all[static_cast<std::size_t>(n)];
      REQUIRE(each.wait_for(20s) == std::future_status::ready);
      try {
        if (each.get() == n) ++right;
      } catch (const wp::worker_lost&) {
        ++lost;
      }
    }
  }
  CHECK(right + lost == 20'000);
  const auto now = pool.stats();
  CHECK(now.running == 0);
  CHECK(now.queued == 0);
  CHECK(now.worker_lost == lost);
}
