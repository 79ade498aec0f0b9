#include <workpool/pool/thread_crew.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <latch>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/call_task.hpp>

#include <pthread.h>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

/// What a crew needs of its pool, with a list under a lock for a queue.
class plain_pool final : public wp::detail::task_owner {
 public:
  explicit plain_pool(wp::pool_options chosen)
      : options(std::move(chosen)), runner(options), crew(*this, runner, options) {}
  ~plain_pool() {
    crew.finish();
    crew.collect(wp::time_point::max());
    while (references.load() != 0) std::this_thread::yield();
  }

  template <class F>
  void post(F callable) {
    auto* const made = new wp::detail::call_task<F>(std::move(callable));
    made->describe_as(1, wp::priority::normal);
    made->set_posted();
    made->accept_by(*this);
    runner.intake().accept(wp::priority::normal);
    {
      const std::lock_guard hold(mutex_);
      waiting_.emplace_back(made);
    }
    crew.notify_one();
  }

  wp::detail::task* pull(wp::detail::thread_worker& me) {
    const std::lock_guard hold(mutex_);
    if (waiting_.empty()) return nullptr;
    wp::task_ref next = std::move(waiting_.front());
    waiting_.pop_front();
    ++me.picks;
    return next.take() ? next.release() : nullptr;
  }
  bool work_in_sight() const noexcept {
    const std::lock_guard hold(mutex_);
    return !waiting_.empty();
  }

  bool work_published() const noexcept { return work_in_sight(); }
  bool work_for(const wp::detail::thread_worker&) const noexcept { return work_in_sight(); }
  bool work_published_for(const wp::detail::thread_worker&) const noexcept { return work_in_sight(); }
  bool overdue(const wp::detail::thread_worker&) const noexcept { return false; }
  bool more_to_come() const noexcept { return false; }

  void wait_quiet() {
    runner.await([this] { return runner.quiet(); });
  }
  std::size_t count(wp::worker_state state) const {
    wp::pool_stats now;
    crew.write_to(now);
    return now.workers_by_state[static_cast<std::size_t>(state)];
  }

  void withdrawn(wp::detail::task& one, wp::outcome result) noexcept override { runner.withdrawn(one, result); }
  void run_here(wp::detail::task& one) override { runner.run_as_guest(one, wp::detail::no_worker); }
  bool wait_inside(wp::detail::task& one, wp::time_point deadline) override { return one.sleep_until(deadline); }
  bool lets_help() const noexcept override { return true; }
  void unobserved(wp::task_id, const std::exception_ptr&) noexcept override {}
  void retain() noexcept override { ++references; }
  void release() noexcept override { --references; }

  std::atomic<int> references{0};
  const wp::pool_options options;
  wp::detail::task_runner runner;
  wp::detail::thread_crew<plain_pool> crew;

 private:
  mutable std::mutex mutex_;
  std::deque<wp::task_ref> waiting_;
};

}  // namespace

TEST_CASE("every thread of a crew holds a reference of its pool until it ends", "[crew]") {
  plain_pool pool({.name = "crew", .workers = 3});
  CHECK(pool.references == 0);
  pool.crew.spawn();
  CHECK(pool.references == 3);
  CHECK(eventually([&] { return pool.count(wp::worker_state::idle) == 3; }));
  pool.crew.finish();
  pool.crew.collect(wp::time_point::max());
  CHECK(pool.references == 0);
  CHECK(pool.count(wp::worker_state::dead) == 3);
  wp::pool_stats now;
  pool.crew.write_to(now);
  CHECK(now.workers == 0);
  CHECK(now.workers_started == 3);
  CHECK(now.workers_exited == 3);
}

TEST_CASE("a crew runs what is pushed, and what is left when it is told to finish", "[crew]") {
  std::atomic<int> ran{0};
  {
    plain_pool pool({.name = "crew", .workers = 2});
    pool.crew.spawn();
    for (int n = 0; n < 1000; ++n) pool.post([&] { ++ran; });
    pool.wait_quiet();
    CHECK(ran == 1000);
    pool.crew.pause();
    for (int n = 0; n < 1000; ++n) pool.post([&] { ++ran; });
  }
  CHECK(ran == 2000);
}

TEST_CASE("one push wakes one parked worker, and as many pushes as many workers", "[crew]") {
  plain_pool pool({.name = "crew", .workers = 3});
  pool.crew.spawn();
  for (int round = 0; round < 50; ++round) {
    std::latch all_run(4);
    for (int n = 0; n < 3; ++n) pool.post([&] { all_run.arrive_and_wait(); });
    all_run.arrive_and_wait();  // returns only when three workers run at the same time
    pool.wait_quiet();
  }
  SUCCEED();
}

TEST_CASE("from the return of pause on no worker of the crew pulls", "[crew]") {
  plain_pool pool({.name = "crew", .workers = 2});
  pool.crew.spawn();
  std::atomic<int> ran{0};
  for (int round = 0; round < 200; ++round) {
    pool.post([&] { ++ran; });
    pool.crew.pause();
    REQUIRE(pool.crew.paused());
    pool.runner.await(
        [&] { return pool.runner.sums().settled == pool.runner.sums().total(pool.runner.sums().started); });
    const int before = ran;
    pool.post([&] { ++ran; });
    for (int look = 0; look < 20; ++look) std::this_thread::yield();
    REQUIRE(ran == before);
    pool.crew.resume();
    pool.wait_quiet();
    REQUIRE(ran == 2 * (round + 1));
  }
}

TEST_CASE("a paused crew that is told to finish runs what waits and leaves", "[crew]") {
  plain_pool pool({.name = "crew", .workers = 2});
  pool.crew.spawn();
  pool.crew.pause();
  std::atomic<int> ran{0};
  for (int n = 0; n < 10; ++n) pool.post([&] { ++ran; });
  pool.crew.finish();
  pool.crew.collect(wp::time_point::max());
  CHECK(ran == 10);
  CHECK_FALSE(pool.crew.paused());
}

TEST_CASE("workers are listed in the order of their ids, with what they do", "[crew]") {
  plain_pool pool({.name = "crew", .workers = 2});
  CHECK(pool.crew.list().empty());
  pool.crew.spawn();
  CHECK(pool.crew.list().size() == 2);
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  const std::vector<wp::worker_info> now = pool.crew.list();
  CHECK(now[0].id == 0);
  CHECK(now[1].id == 1);
  CHECK(now[0].in_flight + now[1].in_flight == 1);
  held.open();
  pool.wait_quiet();
}

TEST_CASE("threads are named after pool and worker", "[crew]") {
  plain_pool pool({.name = "resize", .workers = 1});
  pool.crew.spawn();
  std::string name;
  pool.post([&] {
    char kept[16] = {};
    ::pthread_getname_np(::pthread_self(), kept, sizeof kept);
    name = kept;
  });
  pool.wait_quiet();
  CHECK(name == "resize-0");
}

TEST_CASE("hooks run on the thread before the first task and after the last, and may throw", "[crew]") {
  std::mutex guard;
  std::vector<std::string> order;
  const auto note = [&](const std::string& what) {
    const std::lock_guard hold(guard);
    order.push_back(what);
  };
  {
    plain_pool pool({.name = "crew",
                     .workers = 1,
                     .on_start =
                         [&](wp::worker_id) {
                           note("start");
                           throw 1;
                         },
                     .on_stop =
                         [&](wp::worker_id) {
                           note("stop");
                           throw 1;
                         }});
    pool.post([&] { note("task"); });
    pool.crew.spawn();
    pool.crew.finish();
    pool.crew.collect(wp::time_point::max());
    wp::pool_stats now;
    pool.runner.write_to(now);
    CHECK(now.callback_errors == 2);
  }
  CHECK(order == std::vector<std::string>{"start", "task", "stop"});
}

TEST_CASE("events tell when workers start and end", "[crew]") {
  std::mutex guard;
  std::multiset<wp::worker_id> started, ended;
  plain_pool pool({.name = "crew", .workers = 2});
  pool.runner.hub().on<wp::event::worker_started>([&](const auto& news) {
    const std::lock_guard hold(guard);
    started.insert(news.worker);
  });
  pool.runner.hub().on<wp::event::worker_exited>([&](const wp::event::worker_exited& news) {
    const std::lock_guard hold(guard);
    if (news.planned) ended.insert(news.worker);
  });
  pool.crew.spawn();
  pool.crew.finish();
  pool.crew.collect(wp::time_point::max());
  CHECK(started == std::multiset<wp::worker_id>{0, 1});
  CHECK(ended == std::multiset<wp::worker_id>{0, 1});
}

TEST_CASE("a crew does not wait for a body that was abandoned", "[crew]") {
  gate held;
  plain_pool pool({.name = "crew", .workers = 2});
  pool.crew.spawn();
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.crew.finish();
  pool.crew.abandon_running();
  CHECK(pool.runner.balanced());
  pool.crew.collect(wp::time_point::max());  // joins one, lets go of the other
  CHECK(pool.count(wp::worker_state::dead) == 1);
  held.open();
}

TEST_CASE("collect gives up at its deadline and joins the rest the next time", "[crew]") {
  gate held;
  plain_pool pool({.name = "crew", .workers = 1});
  pool.crew.spawn();
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  pool.crew.finish();
  pool.crew.collect(std::chrono::steady_clock::now() + 1ms);
  CHECK(pool.count(wp::worker_state::busy) == 1);
  held.open();
  pool.crew.collect(wp::time_point::max());
  CHECK(pool.count(wp::worker_state::dead) == 1);
}

TEST_CASE("threads that were let go end by themselves", "[crew]") {
  plain_pool pool({.name = "crew", .workers = 2});
  pool.crew.spawn();
  pool.crew.let_go();
  pool.crew.finish();
  CHECK(eventually([&] { return pool.references == 0; }));
}
