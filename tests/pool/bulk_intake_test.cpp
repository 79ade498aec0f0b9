#include <workpool/pool/bulk_intake.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>
#include <workpool/core/future.hpp>
#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/queue/fifo_queue.hpp>

#include "support/catch.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {
using pool_of_lanes = wp::basic_thread_pool<>;
using pool_of_one_line = wp::basic_thread_pool<wp::select::first_idle, wp::fifo_queue<wp::task_ref>>;
#define EVERY_POOL pool_of_lanes, pool_of_one_line

/// What a bulk needs of a pool to enter it. Nobody runs anything.
struct bench final : wp::detail::deadline_watch {
  using queue_type = wp::detail::default_queue;
  using crew_type = workpool_test::fake_crew;

  explicit bench(wp::queue_options chosen) : options({.queue = chosen}) {}
  ~bench() { clock.end(); }
  wp::time_point look(wp::time_point) noexcept override { return wp::time_point::max(); }
  bool over() const noexcept override { return true; }

  /// Gives: the future of a bulk that has been admitted.
  wp::future<void> admit(std::size_t count, const wp::task_options& each = {}) {
    auto body = [](std::size_t) {};
    auto* const made = wp::detail::bulk_call<decltype(body)>::make(count, body);
    made->describe_as(1, each.priority);
    wp::future<void> result(made);
    bulks.admit(*made, each);
    return result;
  }

  wp::pool_options options;
  wp::detail::task_runner runner{options};
  workpool_test::fake_owner pool;
  workpool_test::fake_crew crew{1};
  queue_type queue{options.queue};
  wp::detail::timekeeper clock{pool, *this, "bench"};
  wp::detail::intake<queue_type, crew_type> parts{pool, options, queue, runner, clock, crew};
  wp::detail::bulk_intake<queue_type, crew_type> bulks{pool, options, queue, runner, parts, crew};
};

}  // namespace

TEST_CASE("every part of a bulk is a task in the lane of the bulk, and workers are told of all at once", "[bulk]") {
  bench here({});
  const auto all = here.admit(5, {.priority = wp::priority::high});
  CHECK(here.queue.sizes()[wp::lane_index(wp::priority::high)] == 5);
  CHECK(here.runner.sums().total(here.runner.sums().accepted) == 5);
  CHECK(here.crew.notified == 5);
}

TEST_CASE("a bulk of nothing is over when it is admitted", "[bulk]") {
  bench here({.capacity = 1});
  CHECK(here.admit(0).ready());
  CHECK(here.crew.notified == 0);
  CHECK(here.runner.balanced());
}

TEST_CASE("a bulk that was refused leaves no place taken and no part behind", "[bulk]") {
  bench here({.capacity = 3, .on_full = wp::on_full::reject});
  CHECK_THROWS_AS(here.admit(4), wp::queue_full);
  CHECK(here.queue.size() == 0);
  CHECK(here.runner.intake().rejected() == 4);
  CHECK(here.crew.notified == 0);
  const auto all = here.admit(3);
  CHECK(here.queue.size() == 3);
}

TEMPLATE_TEST_CASE("under reject a bulk enters wholly or not at all", "[bulk]", EVERY_POOL) {
  TestType pool{{.workers = 1, .queue = {.capacity = 10, .on_full = wp::on_full::reject}}};
  pool.pause();
  std::atomic<int> ran{0};
  const auto count = [&](std::size_t) { ++ran; };
  CHECK_THROWS_AS(pool.submit_bulk(11, count), wp::queue_full);
  auto six = pool.submit_bulk(6, count);
  CHECK_THROWS_AS(pool.submit_bulk(5, count), wp::queue_full);
  auto four = pool.submit_bulk(4, count);
  CHECK_FALSE(pool.try_submit([] {}));
  const wp::pool_stats now = pool.stats();
  CHECK(now.accepted == 10);
  CHECK(now.rejected == 17);
  CHECK(now.queued == 10);
  pool.resume();
  six.get();
  four.get();
  CHECK(ran == 10);
}

TEMPLATE_TEST_CASE("a bulk larger than the queue enters as there is room", "[bulk]", EVERY_POOL) {
  TestType pool{{.workers = 2, .queue = {.capacity = 4}}};
  std::atomic<int> ran{0};
  auto all = pool.submit_bulk(1000, [&](std::size_t) { ++ran; });
  all.get();
  CHECK(ran == 1000);
}

TEMPLATE_TEST_CASE("what a bulk could not enter in time is told by its future", "[bulk]", EVERY_POOL) {
  TestType pool{{.workers = 1, .queue = {.capacity = 4, .block_for = 5ms}}};
  pool.pause();
  auto all = pool.submit_bulk(10, [](std::size_t) {});
  CHECK_THROWS_AS(all.get(), wp::enqueue_timeout);
  const wp::pool_stats now = pool.stats();
  CHECK(now.accepted == 4);
  CHECK(now.rejected == 6);
  CHECK(now.cancelled == 4);
  pool.resume();
}

TEMPLATE_TEST_CASE("a stopped pool refuses a bulk, which never runs", "[bulk]", EVERY_POOL) {
  TestType pool{1};
  pool.shutdown();
  auto captured = std::make_shared<int>(0);
  const std::weak_ptr<int> alive = captured;
  CHECK_THROWS_AS(pool.submit_bulk(3, [captured = std::move(captured)](std::size_t) {}), wp::pool_stopped);
  CHECK(alive.expired());
  CHECK(pool.stats().rejected == 3);
}
