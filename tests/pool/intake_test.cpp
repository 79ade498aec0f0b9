#include <workpool/pool/intake.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>
#include <workpool/core/call_task.hpp>
#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/pool/defaults.hpp>
#include <workpool/queue/fifo_queue.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"
#include "support/gate.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using wp::detail::submit_kind;

namespace {
using pool_of_lanes = wp::basic_thread_pool<>;
using lanes = wp::detail::default_queue;
using line = wp::fifo_queue<wp::task_ref>;

/// What a task needs of a pool to enter it. Nobody runs anything.
template <class Queue>
struct bench final : wp::detail::deadline_watch {
  using crew_type = workpool_test::fake_crew;

  explicit bench(wp::queue_options chosen = {}) : options({.name = "bench", .queue = chosen}) {}
  ~bench() { clock.end(); }
  wp::time_point look(wp::time_point) noexcept override { return wp::time_point::max(); }
  bool over() const noexcept override { return true; }

  wp::task_ref make(wp::priority lane = wp::priority::normal) {
    auto* const one = new workpool_test::probe_task(log);
    one->describe_as(++ids, lane);
    return wp::task_ref(one);
  }
  wp::errc admit(wp::task_ref& one, submit_kind kind = submit_kind::may_block) { return intake.admit(one, kind); }
  wp::errc admit_one() {
    wp::task_ref one = make();
    return admit(one);
  }
  std::uint64_t accepted() const { return runner.sums().total(runner.sums().accepted); }

  wp::task_id ids = 0;
  workpool_test::probe_log log;
  wp::pool_options options;
  wp::detail::task_runner runner{options};
  workpool_test::fake_owner pool;
  crew_type crew{1};
  Queue queue{options.queue};
  wp::detail::timekeeper clock{pool, *this, "bench"};
  wp::detail::intake<Queue, crew_type> intake{pool, options, queue, runner, clock, crew};
};

}  // namespace

TEMPLATE_TEST_CASE("what comes from outside goes to the queue, and a worker is told", "[intake]", lanes, line) {
  bench<TestType> here;
  wp::task_ref one = here.make();
  CHECK(here.admit(one) == wp::errc());
  CHECK_FALSE(one);
  CHECK(here.queue.size() == 1);
  CHECK(here.accepted() == 1);
  CHECK(here.crew.notified == 1);
  CHECK(here.crew.keeps == 0);
}

TEST_CASE("what a worker's own task submits without any wish stays in the worker's hand", "[intake]") {
  bench<lanes> here;
  here.runner.include(here.crew[0].books);
  here.crew.played = &here.crew[0];
  wp::task_ref one = here.make();
  SECTION("by admit") { CHECK(here.admit(one) == wp::errc()); }
  SECTION("by admit_or_throw") { here.intake.admit_or_throw(one); }
  CHECK_FALSE(one);
  CHECK(here.queue.size() == 0);
  CHECK(here.crew.keeps == 1);
  CHECK(here.crew.notified == 0);
  CHECK(here.accepted() == 1);
  wp::task_ref(here.crew[0].own.pop());
}

TEST_CASE("what has a wish goes to the queue, whoever submits it", "[intake]") {
  bench<lanes> here;
  here.crew.played = &here.crew[0];
  wp::task_ref one = here.make();
  SECTION("a lane") { one = here.make(wp::priority::low); }
  SECTION("a name") { one.get()->details().name = "thumb"; }
  CHECK(here.admit(one) == wp::errc());
  CHECK(here.queue.size() == 1);
  CHECK(here.crew.keeps == 0);
}

TEST_CASE("what is counted, or has to come out in order, is not kept by anybody", "[intake]") {
  const wp::queue_options options = GENERATE(wp::queue_options{.fifo = true}, wp::queue_options{.capacity = 100});
  bench<lanes> here(options);
  here.crew.played = &here.crew[0];
  CHECK(here.admit_one() == wp::errc());
  CHECK(here.queue.size() == 1);
  CHECK(here.crew.keeps == 0);
}

TEMPLATE_TEST_CASE("a closed intake refuses a task, which stays the submitter's", "[intake]", lanes, line) {
  bench<TestType> here;
  here.intake.close();
  CHECK(here.intake.closed());
  wp::task_ref one = here.make();
  SECTION("from outside") {}
  SECTION("from one of its own") { here.crew.played = &here.crew[0]; }
  CHECK(here.admit(one) == wp::errc::pool_stopped);
  CHECK(one);
  CHECK_THROWS_AS(here.intake.admit_or_throw(one), wp::pool_stopped);
  CHECK(here.accepted() == 0);
  CHECK(here.runner.intake().rejected() == 2);
  CHECK(here.crew.notified == 0);
}

TEMPLATE_TEST_CASE("who must not block is refused at once by a full queue", "[intake]", lanes, line) {
  bench<TestType> here({.capacity = 1});
  CHECK(here.admit_one() == wp::errc());
  wp::task_ref one = here.make();
  CHECK(here.admit(one, submit_kind::must_not_block) == wp::errc::queue_full);
  CHECK(one);
  CHECK(here.runner.intake().rejected() == 1);
}

TEMPLATE_TEST_CASE("a submitter whose pool says so runs what has no room, and nobody is told", "[intake]", lanes,
                   line) {
  bench<TestType> here({.capacity = 1, .on_full = wp::on_full::caller_runs});
  CHECK(here.admit_one() == wp::errc());
  const int told = here.crew.notified;
  CHECK(here.admit_one() == wp::errc());
  CHECK(here.log.invoked == 1);
  CHECK(here.queue.size() == 1);
  CHECK(here.accepted() == 2);
  CHECK(here.crew.notified == told);
}

TEMPLATE_TEST_CASE("a task that has waited for longer than it may expires in the queue", "[intake]", lanes, line) {
  bench<TestType> here;
  wp::task_ref one = here.make();
  one.get()->details().expires_at = wp::steady::now() + 1ms;
  wp::detail::task* const watched = one.get();
  watched->add_reference();
  CHECK(here.admit(one) == wp::errc());
  CHECK(eventually([&] { return watched->settled(); }));
  CHECK(watched->state().outcome() == wp::outcome::expired);
  watched->drop_reference();
}

TEST_CASE("the queue's growth is told at twice its length and when it is full", "[seeing]") {
  pool_of_lanes pool{{.workers = 1, .queue = {.capacity = 300}}};
  std::vector<std::size_t> marks;
  const auto watch =
      pool.on_event<wp::event::queue_high_water>([&](const auto& news) { marks.push_back(news.queued); });
  pool.pause();
  for (int n = 0; n < 300; ++n) pool.post([] {});
  CHECK(marks == std::vector<std::size_t>{64, 128, 256, 300});
  pool.resume();
}

TEST_CASE("a task that submits itself again into a full pool is refused before its stack ends", "[full]") {
  for (const wp::on_full policy : {wp::on_full::block, wp::on_full::caller_runs}) {
    pool_of_lanes pool{{.workers = 1, .queue = {.capacity = 1, .on_full = policy}}};
    gate held;
    std::atomic<long> ran{0};
    wp::errc refused{};
    auto first = pool.submit([&] {
      held.wait();
      std::function<void()> chain = [&] {
        ++ran;
        try {
          static_cast<void>(pool.submit(chain));
        } catch (const wp::error& error) {
          refused = static_cast<wp::errc>(error.code().value());
        }
      };
      chain();
    });
    held.await_arrivals(1);
    pool.post([] {});
    held.open();
    first.get();
    CHECK(refused == (policy == wp::on_full::block ? wp::errc::would_deadlock : wp::errc::queue_full));
    CHECK(ran > 10);
  }
}
