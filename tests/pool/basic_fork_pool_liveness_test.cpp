#include <workpool/pool/basic_fork_pool.hpp>

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::numbers_variable;
using workpool_test::row_of_the_test;
using workpool_test::shared_numbers_side;

// A task that can run is begun without anything else having to happen: the pools here are left alone.

namespace {

enum place : std::size_t { entered, released, starts, held_starts, of_worker };

int twice(int value) { return 2 * value; }
void wait_for(std::size_t index) {
  while (row_of_the_test()[index] == 0) ::usleep(200);
}
void enter_and_wait() {
  ++row_of_the_test()[entered];
  wait_for(released);
}
/// Until the test lets this worker go on.
wp::worker_id wait_as_worker() {
  ++row_of_the_test()[entered];
  wait_for(of_worker + wp::this_worker::id());
  return wp::this_worker::id();
}
/// Until there are two of them.
void meet() {
  ++row_of_the_test()[entered];
  while (row_of_the_test()[entered] < 2) ::usleep(200);
}

/// Nobody asks idle workers how they are, which would wake the monitor.
wp::fork_pool_options left_alone(const shared_numbers_side& numbers, wp::worker_range workers) {
  wp::fork_pool_options options;
  options.workers = workers;
  options.env = {{numbers_variable, numbers.handle().path}};
  options.health.every = wp::duration::zero();
  return options;
}

/// Whether a task is run: false while the pool is broken.
bool works(wp::fork_pool& pool) {
  try {
    auto one = pool.submit(twice, 3);
    REQUIRE(one.wait_for(20s) == std::future_status::ready);
    return one.get() == 6;
  } catch (const wp::pool_broken&) {
    return false;
  }
}

/// One worker or two. A place whose worker dies while it is idle is not taken again, and a pool that breaks stays so.
wp::fork_pool_options with_a_place_left(const shared_numbers_side& numbers, wp::duration idle_timeout) {
  auto options = left_alone(numbers, {1, 2});
  options.idle_timeout = idle_timeout;
  options.restart.max_restarts = 0;
  options.breaker = wp::circuit_breaker_options{.open_for = 1h};
  return options;
}

/// Comes back when two workers have done something at the same time.
void have_two_meet(wp::fork_pool& pool) {
  auto one = pool.submit(meet), other = pool.submit(meet);
  one.get();
  other.get();
}

/// Ends the worker that was there first.
void kill_first(const wp::fork_pool& pool) {
  const int pid = pool.workers().at(0).pid;
  REQUIRE(pid > 0);  // 0 would be this process and its group
  ::kill(pid, SIGKILL);
}

/// The parent of a process; 0 where there is none such.
int parent_of(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string word; status >> word;) {
    int parent = 0;
    if (word == "PPid:" && status >> parent) return parent;
  }
  return 0;
}

/// A strategy that gives a task to another pool before it decides, once.
struct busybody {
  wp::basic_fork_pool<wp::select::round_robin>* other = nullptr;
  wp::future<int>* result = nullptr;
  wp::select::round_robin turns{};

  std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view& one) noexcept {
    if (auto* const to = std::exchange(other, nullptr)) *result = to->submit(twice, 21);
    return turns.select(workers, one);
  }
};
static_assert(wp::selection_strategy<busybody>);

}  // namespace

TEST_CASE("what a strategy gave to a busy worker is taken over by an idle one", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::basic_fork_pool<wp::select::round_robin> pool(left_alone(numbers, 2));
  auto holds = pool.submit(enter_and_wait);
  numbers.await(entered);
  CHECK(pool.submit(twice, 1).get() == 2);
  auto other = pool.submit(twice, 2);
  CHECK(other.wait_for(20s) == std::future_status::ready);
  numbers.set(released, 1);
  holds.get();
}

TEST_CASE("a strategy that submits to a pool with another strategy wakes that", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::basic_fork_pool<wp::select::round_robin> other(left_alone(numbers, 1));
  wp::future<int> result;
  wp::basic_fork_pool<busybody> pool(left_alone(numbers, 1), busybody{&other, &result});
  CHECK(pool.submit(twice, 1).get() == 2);
  REQUIRE(result.valid());
  CHECK(result.wait_for(20s) == std::future_status::ready);
}

TEST_CASE("a worker that was being replaced when its place was taken away is nobody's turn any more", "[fork_pool]") {
  shared_numbers_side numbers;
  auto options = left_alone(numbers, 2);
  options.max_tasks = 1;
  options.on_start = [](wp::worker_id id) {
    if (id == 1 && ++row_of_the_test()[held_starts] == 2) wait_for(released);
  };
  wp::fork_pool pool(options);
  std::vector<wp::future<wp::worker_id>> both;
  for (int n = 0; n < 2; ++n) both.push_back(pool.submit(wait_as_worker));
  REQUIRE(eventually([&] { return numbers[entered] == 2; }));
  numbers.set(of_worker + 1, 1);
  REQUIRE(eventually([&] { return numbers[held_starts] == 2; }));
  pool.resize(1);
  numbers.set(of_worker, 1);
  auto third = pool.submit(twice, 3);
  CHECK(third.wait_for(20s) == std::future_status::ready);
  numbers.set(released, 1);
}

TEST_CASE("after a probe that failed there is another one", "[fork_pool]") {
  shared_numbers_side numbers;
  auto options = left_alone(numbers, 1);
  options.restart.max_restarts = 1;
  options.breaker = wp::circuit_breaker_options{.open_for = 100ms};
  options.on_start = [](wp::worker_id) {
    const auto start = ++row_of_the_test()[starts];
    if (start == 2 || start == 3) ::_exit(3);
  };
  wp::fork_pool pool(options);
  kill_first(pool);
  REQUIRE(eventually([&] { return numbers[starts] >= 3; }));
  CHECK(eventually([&] { return works(pool); }));
}

TEST_CASE("a pool whose last places have no workers breaks, and recovers", "[fork_pool]") {
  shared_numbers_side numbers;
  auto options = left_alone(numbers, 2);
  options.restart.max_restarts = 0;
  options.breaker = wp::circuit_breaker_options{.open_for = 100ms};
  wp::fork_pool pool(options);
  std::atomic<bool> failed{false};
  const auto ear = pool.on_event<wp::event::worker_failed>([&](const wp::event::worker_failed&) { failed = true; });
  kill_first(pool);
  REQUIRE(eventually([&] { return failed.load(); }));
  pool.resize(1);
  CHECK(eventually([&] { return works(pool); }));
}

TEST_CASE("a pool that has a place left for a worker does not break while there is no work", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_a_place_left(numbers, 2s));
  have_two_meet(pool);
  kill_first(pool);
  REQUIRE(eventually([&] { return pool.stats().workers == 0; }));  // the other one leaves by itself
  CHECK(works(pool));
}

TEST_CASE("a pool that has a place left for a worker does not break when its last one fails", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_a_place_left(numbers, 10ms));
  have_two_meet(pool);
  // The other one leaves before.
  REQUIRE(eventually([&] { return pool.stats().workers == 1 && pool.workers().size() == 1; }));
  kill_first(pool);
  REQUIRE(eventually([&] { return pool.stats().workers == 0; }));
  CHECK(works(pool));
}

TEST_CASE("what was paused when the pool was shut down has as many workers start as there may be", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(left_alone(numbers, {1, 2}));
  pool.pause();
  auto one = pool.submit(meet), other = pool.submit(meet);
  CHECK(pool.shutdown({.drain = 30s}).completed == 2);
}

TEST_CASE("a pool ends while its zygote does not answer", "[fork_pool]") {
  shared_numbers_side numbers;
  auto options = left_alone(numbers, 1);
  options.clean_env = true;  // with a zygote of its own
  options.handshake_timeout = 3s;
  int zygote = 0;
  {
    wp::fork_pool pool(options);
    zygote = parent_of(pool.workers()[0].pid);
    REQUIRE(zygote > 1);
    REQUIRE(::kill(zygote, SIGSTOP) == 0);
    pool.resize(2);
    REQUIRE(eventually([&] { return pool.workers().size() == 2; }));
  }
  ::kill(zygote, SIGKILL);
}

TEST_CASE("a worker above the minimum leaves in time while another one works all the time", "[fork_pool]") {
  shared_numbers_side numbers;
  auto options = left_alone(numbers, {1, 2});
  options.idle_timeout = 100ms;
  wp::fork_pool pool(options);
  auto one = pool.submit(enter_and_wait), other = pool.submit(enter_and_wait);
  REQUIRE(eventually([&] { return numbers[entered] == 2; }));
  CHECK(pool.stats().workers == 2);
  numbers.set(released, 1);
  one.get();
  other.get();
  CHECK(eventually([&] {
    CHECK(pool.submit(twice, 3).get() == 6);
    return pool.stats().workers == 1;
  }));
}
