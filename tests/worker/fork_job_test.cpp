#include <workpool/worker/fork_job.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <pthread.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

using workpool::worker_id;
using workpool::detail::fork_job;
using workpool::detail::part_task;
using workpool::detail::run_scope;
using workpool::detail::thread_worker;

namespace {

/// Calls a function of the test.
template <class F>
class job final : public fork_job {
 public:
  explicit job(F call) : fork_job([](fork_job& self) { static_cast<job&>(self).call_(); }), call_(std::move(call)) {}

 private:
  F call_;
};

template <class F>
job(F) -> job<F>;

/// A task that is running on the calling thread, as worker 0 of its pool.
struct inside_a_task {
  workpool_test::probe_log log;
  workpool_test::probe_task running{log};
  thread_worker me{0};
  run_scope scope{running, 0};
};

}  // namespace

TEST_CASE("a part of a fork runs as a part of the task that forked it") {
  inside_a_task forker;
  const void* running = nullptr;
  worker_id shown = 99;
  job part([&] {
    running = workpool::detail::innermost_run->running;
    shown = workpool::this_worker::id();
  });
  CHECK_FALSE(part.over());
  std::thread([&] {
    thread_worker thief(5);
    part.run(thief);
    CHECK(workpool::detail::innermost_run == nullptr);
  }).join();
  CHECK(part.over());
  CHECK(running == &forker.running);
  CHECK(shown == 5);
  CHECK_NOTHROW(part.rethrow());
}

TEST_CASE("a part of a task that runs on a thread without being its worker is on no worker either") {
  workpool_test::probe_log log;
  workpool_test::probe_task running(log);
  const run_scope scope(running, workpool::detail::no_worker);
  worker_id shown = 0;
  job part([&] { shown = workpool::this_worker::id(); });
  thread_worker thief(5);
  part.run(thief);
  CHECK(shown == workpool::detail::no_worker);
}

TEST_CASE("what a stolen part throws is thrown again where it was forked, once") {
  inside_a_task forker;
  job part([] { throw std::runtime_error("from afar"); });
  std::thread([&] {
    thread_worker thief(1);
    part.run(thief);
  }).join();
  CHECK_THROWS_WITH(part.rethrow(), "from afar");
  CHECK_NOTHROW(part.rethrow());
}

TEST_CASE("a stolen part whose thread is ended is over, and lost by name") {
  inside_a_task forker;
  forker.running.describe_as(17, workpool::priority::normal);
  job part([] { ::pthread_exit(nullptr); });
  std::thread([&] {
    thread_worker thief(1);
    part.run(thief);
  }).join();
  CHECK(part.over());
  CHECK_THROWS_AS(part.rethrow(), workpool::worker_lost);
}

TEST_CASE("who sleeps for a stolen part wakes when it is over") {
  for (int round = 0; round < 2000; ++round) {
    inside_a_task forker;
    std::atomic<bool> ran{false};
    job part([&] { ran.store(true, std::memory_order_relaxed); });
    std::thread thread([&] {
      thread_worker thief(1);
      part.run(thief);
    });
    part.sleep();
    REQUIRE(ran.load(std::memory_order_relaxed));
    thread.join();
  }
}

TEST_CASE("who waits for a stolen part is given what that one has forked, and nothing else") {
  inside_a_task forker;
  thread_worker thief(1);
  job before([] {});
  job child([] {});
  job after([] {});
  fork_job* waited_for = nullptr;
  fork_job* at_first = nullptr;
  fork_job* then = nullptr;
  job part([&] {
    at_first = waited_for->steal_back();
    thief.forks.push(&child);
    then = waited_for->steal_back();
  });
  waited_for = &part;
  thief.forks.push(&before);
  CHECK(part.steal_back() == nullptr);  // nobody has it
  CHECK(thief.forks.steal() == &before);
  part.run(thief);
  CHECK(at_first == nullptr);
  CHECK(then == &child);
  thief.forks.push(&after);
  CHECK(part.steal_back() == nullptr);
}

TEST_CASE("a thief takes the oldest part and runs it as a task of its own") {
  inside_a_task forker;
  int ran = 0;
  job first([&] { ran = 1; });
  job second([&] { ran = 2; });
  thread_worker thief(1);
  part_task taken(thief);
  CHECK_FALSE(taken.take(forker.me));
  forker.me.forks.push(&first);
  forker.me.forks.push(&second);
  REQUIRE(taken.take(forker.me));
  taken.invoke();
  CHECK(ran == 1);
  CHECK(first.over());
  CHECK(forker.me.forks.pop() == &second);
}
