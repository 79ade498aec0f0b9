#include <workpool/pool/staffing.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <utility>

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

/// Pool and crew at the same time, whose threads do nothing until the end.
struct bench {
  explicit bench(wp::pool_options chosen) : options(std::move(chosen)) {}
  ~bench() {
    work = false;  // else who leaves is followed by another one, to do it
    state.phase.finish();
    end.open();
    while (references != 0) std::this_thread::yield();
    staff.collect();
  }

  void retain() noexcept { ++references; }
  void release() noexcept { --references; }
  bool work_in_sight() const noexcept { return work; }
  bool work_published() const noexcept { return work; }

  void work_on(wp::detail::thread_worker& me) {
    const bool lost = to_lose.exchange(false);
    if (!lost) end.wait();
    staff.say_goodbye(me, !lost);
    release();
  }

  std::atomic<int> dispatches{0};

  wp::pool_stats stats() const {
    wp::pool_stats now;
    staff.write_to(now);
    return now;
  }

  struct threads {
    bench& here;
    void work(wp::detail::thread_worker& me) { here.work_on(me); }
    void dispatch_again() noexcept { ++here.dispatches; }
  };

  std::atomic<int> references{0};
  std::atomic<bool> work{false}, to_lose{false};
  gate end;
  const wp::pool_options options;
  wp::detail::task_runner runner{options};
  wp::detail::crew_state state;
  threads crew{*this};
  wp::detail::staffing<bench, threads> staff{*this, crew, state, runner, options};
};

}  // namespace

TEST_CASE("the least number of threads is started, each with a reference of the pool", "[staffing]") {
  bench here({.workers = {2, 4}});
  CHECK(here.references == 0);
  here.staff.spawn();
  CHECK(here.references == 2);
  CHECK(here.stats().workers_started == 2);
  CHECK(here.staff.may_grow());
}

TEST_CASE("threads come for work that is seen, as many as there are tasks, and not beyond the most", "[staffing]") {
  bench here({.workers = {1, 4}});
  here.staff.spawn();
  here.staff.grow();
  CHECK(here.references == 1);  // somebody else has taken it
  here.work = true;
  here.staff.grow();
  CHECK(here.references == 2);
  here.staff.grow(7);
  CHECK(here.references == 4);
  CHECK_FALSE(here.staff.may_grow());
}

TEST_CASE("a paused pool does not grow, and makes up for it", "[staffing]") {
  bench here({.workers = {0, 1}});
  here.staff.spawn();
  here.state.phase.pause({});
  here.work = true;
  here.staff.grow();
  CHECK(here.references == 0);
  here.state.phase.resume();
  here.staff.catch_up();
  CHECK(here.references == 1);
}

TEST_CASE("for a single task in a hand one worker comes, and only when no other is about to look", "[staffing]") {
  bench here({.workers = {1, 4}});
  here.staff.spawn();
  workpool_test::probe_log log;
  workpool_test::probe_task one{log}, other{log};
  auto& me = here.state.workers[0];
  me.slot.begin(one);
  here.staff.grow_unless_somebody_comes(me);
  CHECK(here.references == 2);
  here.staff.grow_unless_somebody_comes(me);  // the second one is on its way
  CHECK(here.references == 2);
  here.state.workers[1].slot.begin(other);
  here.staff.grow_unless_somebody_comes(me);
  CHECK(here.references == 3);
  me.slot.end();
  here.state.workers[1].slot.end();
}

TEST_CASE("who idles is let go, but for the least", "[staffing]") {
  bench here({.workers = {1, 2}, .idle_timeout = 1h});
  here.staff.spawn();
  here.work = true;
  here.staff.grow();
  CHECK(here.staff.park_limit() < wp::time_point::max());
  here.staff.idle(1);
  CHECK_FALSE(here.state.workers[1].wanted);
  here.staff.idle(0);
  CHECK(here.state.workers[0].wanted);
}

TEST_CASE("a worker of a pool of a fixed size may sleep for ever", "[staffing]") {
  bench here({.workers = 2, .max_overrun = 0});
  here.staff.spawn();
  CHECK(here.staff.park_limit() == wp::time_point::max());
}

TEST_CASE("a spare comes for a worker that is held up, and goes with what it stood in for", "[staffing]") {
  bench here({.workers = 1});
  here.staff.spawn();
  here.work = true;
  here.staff.grow();
  CHECK(here.references == 1);
  CHECK(here.staff.anyone_free());
  here.staff.stall(0);
  CHECK(here.staff.anyone_free());  // since it could be started
  here.staff.catch_up();
  CHECK(here.references == 2);
  here.staff.stall(1);
  CHECK_FALSE(here.staff.anyone_free());
  here.staff.recover(1);
  here.staff.recover(0);
  CHECK_FALSE(here.state.workers[1].wanted);
}

TEST_CASE("a thread that was lost is replaced, and counts as a restart", "[staffing]") {
  bench here({.workers = 1});
  here.to_lose = true;
  here.staff.spawn();
  CHECK(eventually([&] { return here.stats().restarts == 1; }));
  CHECK(here.stats().workers_started == 2);
  CHECK(here.stats().workers_exited == 1);
  CHECK(here.state.workers[0].generation() == 2);
  CHECK(eventually([&] { return here.references == 1; }));
}

TEST_CASE("a range that is changed is exact at once, in what is wanted", "[staffing]") {
  bench here({.workers = 3});
  here.staff.spawn();
  here.staff.resize(1);
  CHECK(here.staff.range().max == 1);
  int wanted = 0;
  for (const auto& worker : here.state.workers) wanted += worker.wanted ? 1 : 0;
  CHECK(wanted == 1);
}
