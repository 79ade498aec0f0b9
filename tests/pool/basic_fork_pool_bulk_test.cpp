#include <workpool/pool/basic_fork_pool.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/selection_strategy.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/lost_worker.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::numbers_variable;
using workpool_test::row_of_the_test;
using workpool_test::shared_numbers_side;

namespace {

enum place : std::size_t { calls, sum, deadly, begun, released, seen_pid };

void count(std::size_t index) {
  ++row_of_the_test()[calls];
  row_of_the_test()[sum] += static_cast<std::int64_t>(index);
}

/// One that ends its worker, or throws, at one index.
void count_until_death(std::size_t index) {
  count(index);
  if (static_cast<std::int64_t>(index) == row_of_the_test()[deadly]) ::raise(SIGKILL);
}
void count_until_error(std::size_t index) {
  count(index);
  if (static_cast<std::int64_t>(index) == row_of_the_test()[deadly]) throw std::out_of_range("deadly");
}

/// Takes its time until the test says that it need not.
void take_its_time(std::size_t index) {
  count(index);
  for (int turn = 0; turn < 20 && row_of_the_test()[released] == 0; ++turn) ::usleep(10);
}

/// A strategy that knows how often it was asked.
struct counting {
  std::optional<std::size_t> select(std::span<const wp::worker_view> workers, const wp::task_view& one) noexcept {
    ++picks;
    return turns.select(workers, one);
  }
  wp::select::round_robin turns{};
  std::size_t picks = 0;
};
static_assert(wp::selection_strategy<counting>);

wp::fork_pool_options with_numbers(const shared_numbers_side& numbers, unsigned workers) {
  return {.workers = workers, .env = {{numbers_variable, numbers.handle().path}}};
}

}  // namespace

TEST_CASE("every call of a bulk is made once, however many there are", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 2));
  for (const std::size_t n : {0U, 1U, 63U, 64U, 65U, 1000U, 100'000U}) {
    numbers.set(calls, 0);
    numbers.set(sum, 0);
    pool.submit_bulk(n, count).get();
    const auto wanted = static_cast<std::int64_t>(n);
    CHECK(numbers[calls] == wanted);
    CHECK(numbers[sum] == wanted * (wanted - 1) / 2);
  }
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.completed == 101'193);
  CHECK(now.started == 101'193);
  workpool_test::check_balance(now);
}

TEST_CASE("a worker that is killed in the middle of a bulk loses one call, and what has not begun never does",
          "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 1));
  for (const std::int64_t fatal : {0, 1, 777, 9999}) {
    const wp::pool_stats before = pool.stats();
    numbers.set(calls, 0);
    numbers.set(deadly, fatal);
    auto all = pool.submit_bulk(10'000, count_until_death);
    const wp::worker_lost lost = workpool_test::loss_of(std::move(all));
    CHECK(lost.report().signal == SIGKILL);
    pool.wait_idle();
    const wp::pool_stats now = pool.stats();
    CHECK(now.worker_lost - before.worker_lost == 1);
    CHECK(now.completed - before.completed == static_cast<std::uint64_t>(fatal));
    CHECK(now.cancelled - before.cancelled == 10'000 - static_cast<std::uint64_t>(fatal) - 1);
    CHECK(numbers[calls] == fatal + 1);
    workpool_test::check_balance(now);
  }
}

TEST_CASE("the report of a lost worker names the call of a bulk that ran, not the first it was sent", "[fork_pool]") {
  shared_numbers_side numbers;
  numbers.set(deadly, 700);
  workpool_test::told<wp::event::task_settled> settled;
  wp::fork_pool pool(with_numbers(numbers, 1));
  auto ear = pool.on_event<wp::event::task_settled>(settled.ear());
  const wp::worker_lost lost = workpool_test::loss_of(pool.submit_bulk(1000, count_until_death));
  const auto all = settled.await(1000);
  REQUIRE(all.size() == 1000);
  std::vector<wp::task_id> of_lost;
  std::vector<wp::task_id> numbers_told;
  for (const auto& one : all) {
    if (one.outcome == wp::outcome::worker_lost) of_lost.push_back(one.task);
    numbers_told.push_back(one.task);
  }
  CHECK(of_lost == std::vector<wp::task_id>{lost.report().task_id});
  std::sort(numbers_told.begin(), numbers_told.end());
  CHECK(std::adjacent_find(numbers_told.begin(), numbers_told.end()) == numbers_told.end());
}

TEST_CASE("of a bulk that fails the calls before the one that did count as values, those after it as cancelled",
          "[fork_pool]") {
  shared_numbers_side numbers;
  numbers.set(deadly, 4321);
  wp::fork_pool pool(with_numbers(numbers, 1));
  CHECK_THROWS_WITH(pool.submit_bulk(10'000, count_until_error).get(), Catch::Matchers::Contains("deadly"));
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.completed == 4321);
  CHECK(now.failed == 1);
  CHECK(now.cancelled == 10'000 - 4322);
  CHECK(numbers[calls] == 4322);
  workpool_test::check_balance(now);
  CHECK(pool.submit([] { return 1; }).get() == 1);  // by the same worker
  CHECK(pool.stats().workers_exited == 0);
}

TEST_CASE("a bulk that fails leaves the workers of its other calls alone, and ends when these have returned",
          "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 2));
  numbers.set(deadly, 1);
  auto all = pool.submit_bulk(2, [](std::size_t index) {
    if (index == 1) {
      while (row_of_the_test()[begun] == 0) ::usleep(100);
      throw std::out_of_range("deadly");
    }
    row_of_the_test()[begun] = 1;
    while (row_of_the_test()[released] == 0) ::usleep(100);
    ++row_of_the_test()[calls];
  });
  CHECK(workpool_test::eventually([&] { return pool.stats().failed == 1; }));
  CHECK(all.wait_for(20ms) == std::future_status::timeout);
  numbers.set(released, 1);
  CHECK_THROWS_WITH(all.get(), Catch::Matchers::Contains("deadly"));
  CHECK(numbers[calls] == 1);
  pool.wait_idle();
  CHECK(pool.stats().workers_exited == 0);
}

TEST_CASE("a call of a bulk that waits for its stop token hears that another one has failed, whichever call it is",
          "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 2));
  auto all = pool.submit_bulk(1000, [](std::stop_token stop, std::size_t index) {
    if (index == 5) {  // not the first of its part
      row_of_the_test()[released] = 1;
      while (!stop.stop_requested()) ::usleep(100);
      ++row_of_the_test()[calls];
    }
    if (index == 900) {
      while (row_of_the_test()[released] == 0) ::usleep(100);
      throw std::out_of_range("deadly");
    }
  });
  CHECK_THROWS_WITH(all.get(), Catch::Matchers::Contains("deadly"));
  CHECK(numbers[calls] == 1);
  pool.wait_idle();
  CHECK(pool.stats().workers_exited == 0);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("a call of a bulk that forks does not have its later calls made by the child", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 1));
  pool.submit_bulk(1000,
                   [](std::size_t index) {
                     count(index);
                     if (index % 100 == 7) ++row_of_the_test()[deadly], static_cast<void>(::fork());
                   })
      .get();
  CHECK(numbers[calls] == 1000);
  CHECK(numbers[deadly] == 10);
  pool.shutdown();
  CHECK(numbers[calls] == 1000);
}

TEST_CASE("a call of a bulk that says it is cancelled is the only one that is", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 2));
  auto all = pool.submit_bulk(10'000, [](std::size_t index) {
    count(index);
    if (index % 1000 == 3 || index == 9999) throw wp::task_cancelled("by itself");
  });
  CHECK_THROWS_AS(all.get(), wp::task_cancelled);
  CHECK(numbers[calls] == 10'000);
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.cancelled == 11);
  CHECK(now.completed == 10'000 - 11);
  workpool_test::check_balance(now);
}

TEST_CASE("a shutdown without force, in the middle of a bulk, settles every call of it", "[fork_pool]") {
  for (int round = 0; round < 30; ++round) {
    shared_numbers_side numbers;
    wp::fork_pool pool(with_numbers(numbers, 2));
    auto all = pool.submit_bulk(1'000'000, take_its_time);
    numbers.await(calls);
    const auto report = pool.shutdown({.drain = 1ms, .force = false});
    const wp::pool_stats now = pool.stats();  // of its life: some calls may have returned before the shutdown began
    CHECK(now.completed + now.discarded == 1'000'000);
    CHECK(report.discarded == now.discarded);
    CHECK_THROWS_AS(all.get(), wp::task_discarded);
  }
}

TEST_CASE("a bulk that a stopped pool refuses is rejected call by call", "[fork_pool]") {
  wp::fork_pool pool(2);
  pool.shutdown();
  CHECK_THROWS_AS(pool.submit_bulk(10'000, count), wp::pool_stopped);
  CHECK(pool.stats().rejected == 10'000);
  CHECK(pool.stats().accepted == 0);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("what is more urgent does not wait for a bulk, and what is less urgent does", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 1));
  auto all = pool.submit_bulk(100'000, take_its_time);  // 20 s of them
  numbers.await(calls);
  auto low = pool.submit({.priority = wp::priority::low}, [] { return row_of_the_test()[calls].load(); });
  CHECK(pool.submit({.priority = wp::priority::critical}, [] { return 7; }).get() == 7);
  CHECK_FALSE(all.ready());
  CHECK_FALSE(low.ready());
  numbers.set(released, 1);
  all.get();
  CHECK(low.get() == 100'000);
}

TEST_CASE("of a cancelled bulk no call begins that the books do not know of", "[fork_pool]") {
  for (int round = 0; round < 10; ++round) {
    shared_numbers_side numbers;
    wp::fork_pool pool(with_numbers(numbers, 2));
    auto all = pool.submit_bulk(100'000, take_its_time);
    numbers.await(calls);
    CHECK(all.cancel() == wp::cancel_result::stop_requested);
    CHECK_THROWS_AS(all.get(), wp::task_cancelled);
    pool.shutdown();  // until the bodies have returned that had begun
    const wp::pool_stats now = pool.stats();
    CHECK(now.workers == 0);
    CHECK(numbers[calls] <= static_cast<std::int64_t>(now.started));
    CHECK(now.completed + now.cancelled == 100'000);
    workpool_test::check_balance(now);
  }
}

TEST_CASE("a purge, and a shutdown that discards, take back the calls of a bulk that have not begun", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 2));
  auto purged = pool.submit_bulk({.priority = wp::priority::low}, 100'000, take_its_time);
  numbers.await(calls);
  const std::size_t taken = pool.purge(wp::priority::low);
  CHECK_THROWS_AS(purged.get(), wp::task_cancelled);
  pool.wait_idle();
  wp::pool_stats now = pool.stats();
  CHECK(now.completed == static_cast<std::uint64_t>(numbers[calls]));
  CHECK(now.completed + now.cancelled == 100'000);
  CHECK(now.cancelled - taken <= 2);  // a worker may have been about to begin one that was taken back
  workpool_test::check_balance(now);
  pool.submit_bulk(2, count).get();  // what was taken back then is forgotten
  pool.wait_idle();
  const auto completed_before = pool.stats().completed;
  CHECK(pool.stats().workers_exited == 0);

  numbers.set(calls, 0);
  auto discarded = pool.submit_bulk(100'000, take_its_time);
  numbers.await(calls);
  const auto report = pool.shutdown({.pending = wp::pending::discard});
  CHECK_FALSE(report.forced);
  now = pool.stats();
  CHECK(now.completed - completed_before + now.discarded == 100'000);
  CHECK(now.completed - completed_before == static_cast<std::uint64_t>(numbers[calls]));
  CHECK(report.discarded == now.discarded);
  CHECK_THROWS_AS(discarded.get(), wp::task_discarded);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("a forced shutdown ends a bulk at the call that runs", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 2));
  auto all = pool.submit_bulk(1'000'000, take_its_time);
  numbers.await(calls);
  const auto report = pool.shutdown({.drain = 1ms, .force = true});
  CHECK(report.took < 10s);
  CHECK(numbers[calls] < 1'000'000);
  CHECK_THROWS_AS(all.get(), wp::error);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("a heartbeat of one call of a bulk promises nothing for the next one", "[fork_pool]") {
  wp::fork_pool pool({.workers = 1, .health = {.timeout = 1s}});
  CHECK_NOTHROW(pool.submit_bulk(200,
                                 [](std::size_t index) {
                                   if (index % 2 == 0) wp::this_worker::heartbeat();
                                   if (index == 101) ::sleep(2);
                                 })
                    .get());
}

TEST_CASE("a worker that is replaced after so many tasks is not sent more calls of a bulk than that", "[fork_pool]") {
  wp::fork_pool pool({.workers = 1, .max_tasks = 3});
  pool.submit_bulk(30, [](std::size_t) {}).get();
  pool.wait_idle();
  CHECK(workpool_test::eventually([&] { return pool.stats().workers_exited >= 9; }));
  for (const wp::worker_info& one : pool.workers()) CHECK(one.completed <= 3);
}

TEST_CASE("a paused pool makes no further call of a bulk", "[fork_pool]") {
  shared_numbers_side numbers;
  wp::fork_pool pool(with_numbers(numbers, 1));
  auto all = pool.submit_bulk(100'000, take_its_time);
  numbers.await(calls);
  pool.pause();
  // What was sent goes on for a millisecond.
  REQUIRE(workpool_test::eventually([&] { return pool.workers().front().state == wp::worker_state::idle; }));
  const std::int64_t made = numbers[calls];
  CHECK(made < 100'000);
  CHECK(pool.stats().queued > 0);
  pool.restart(0);  // there is nothing to wait for: the rest is in nobody's hands
  REQUIRE(workpool_test::eventually([&] { return pool.stats().workers_exited == 1; }));
  CHECK(numbers[calls] == made);
  numbers.set(released, 1);
  pool.resume();
  all.get();
  CHECK(numbers[calls] == 100'000);
}

TEST_CASE("where a strategy picks it is asked for every call of a bulk", "[fork_pool]") {
  wp::basic_fork_pool<counting> pool({.workers = 2});
  pool.submit_bulk(100, [](std::size_t) {}).get();
  std::size_t picks = 0;
  pool.with_selection([&](const counting& one) { picks = one.picks; });
  CHECK(picks >= 100);
}
