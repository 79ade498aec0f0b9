#include <workpool/pool/purge_desk.hpp>

#include "support/catch.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <utility>
#include <workpool/pool/defaults.hpp>
#include <workpool/queue/fifo_queue.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::outcome;
using wp::priority;

namespace {

using lanes = wp::detail::default_queue;
using line = wp::fifo_queue<wp::task_ref>;

/// Every place in which a task can wait, and two workers without threads.
template <class Queue>
struct bench final : wp::detail::deadline_watch {
  using crew_type = workpool_test::fake_crew;

  ~bench() { clock.end(); }
  wp::time_point look(wp::time_point) noexcept override { return wp::time_point::max(); }
  bool over() const noexcept override { return true; }

  wp::task_ref make(priority lane) {
    auto* const one = new workpool_test::probe_task(log);
    one->describe_as(++ids, lane);
    return wp::task_ref(one);
  }
  void queue(priority lane) {
    wp::task_ref one = make(lane);
    one.get()->accept_by(pool);
    if (tasks.try_push(std::move(one), lane) != wp::push_status::accepted) throw "refused";
  }
  void submit_from(wp::detail::thread_worker& worker) {
    wp::task_ref one = make(priority::normal);
    one.get()->accept_by(pool);
    one.get()->set_in_hand(true);
    if (!worker.own.push(one.release())) throw "refused";
  }
  void post_later(priority lane) {
    wp::task_ref one = make(lane);
    if (delayed.admit(one, wp::steady::now() + 1h) != wp::errc()) throw "refused";
  }
  std::size_t withdrawn_as(outcome result) const {
    std::size_t count = 0;
    for (const auto& one : pool.withdrawals) count += one.result == result ? 1u : 0u;
    return count;
  }

  wp::task_id ids = 0;
  workpool_test::probe_log log;
  wp::pool_options options;
  wp::detail::task_runner runner{options};
  workpool_test::fake_owner pool;
  crew_type crew{2};
  Queue tasks{options.queue};
  wp::detail::timekeeper clock{pool, *this, "bench"};
  std::atomic<bool> closed{false};
  wp::detail::delayed_tasks<crew_type> delayed{pool, runner, clock, crew, closed};
  wp::detail::fork_desk<crew_type> forks{pool, runner, crew};
  wp::detail::pull_order<Queue, crew_type> order{tasks, crew, delayed.late(), forks};
  wp::detail::purge_desk<Queue, crew_type> purges{tasks, order, delayed};
};

}  // namespace

TEST_CASE("a purge finds what waits in its lane, in every place, and leaves the other lanes alone", "[purge]") {
  bench<lanes> here;
  for (const priority lane : {priority::low, priority::normal}) {
    here.queue(lane);
    here.post_later(lane);
  }
  here.submit_from(here.crew[0]);
  here.submit_from(here.crew[1]);
  CHECK(here.purges.purge(priority::high, outcome::cancelled) == 0);
  CHECK(here.purges.purge(priority::normal, outcome::cancelled) == 4);
  CHECK(here.purges.purge(priority::normal, outcome::cancelled) == 0);
  CHECK(here.withdrawn_as(outcome::cancelled) == 4);
  CHECK(here.purges.purge(priority::low, outcome::cancelled) == 2);
}

TEMPLATE_TEST_CASE("a purge of all leaves nothing to be pulled", "[purge]", lanes, line) {
  bench<TestType> here;
  for (const priority lane : {priority::critical, priority::high, priority::normal, priority::low}) here.queue(lane);
  here.post_later(priority::high);
  CHECK(here.purges.purge_all(outcome::cancelled) == 5);
  CHECK(here.order.pull(here.crew[0]) == nullptr);
  CHECK(here.withdrawn_as(outcome::cancelled) == 5);
}

TEST_CASE("when all is discarded, so is what is posted for later from then on", "[purge]") {
  bench<lanes> here;
  here.queue(priority::normal);
  here.post_later(priority::normal);
  here.purges.discard_all();
  CHECK(here.withdrawn_as(outcome::discarded) == 2);
  here.post_later(priority::normal);
  CHECK(here.withdrawn_as(outcome::discarded) == 3);
}
