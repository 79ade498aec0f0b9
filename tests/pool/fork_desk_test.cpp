#include <workpool/pool/fork_desk.hpp>

#include "support/catch.hpp"
#include "support/fake_crew.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <thread>
#include <utility>

namespace wp = workpool;
using wp::detail::fork_job;
using wp::detail::run_scope;
using wp::detail::task;
using wp::detail::thread_worker;

namespace {

/// A part that notes that it ran.
class noted_part final : public fork_job {
 public:
  noted_part() : fork_job([](fork_job& self) { static_cast<noted_part&>(self).ran = true; }) {}
  std::atomic<bool> ran{false};
};

/// The calling thread is worker 0 of two, in the middle of a task.
struct bench {
  bench() {
    running.accept_by(pool);
    crew.played = &crew[0];
  }
  thread_worker& me() { return crew[0]; }
  thread_worker& other() { return crew[1]; }
  void run(task* one, thread_worker& as) { runner.run(*one, as.slot, as.books); }

  wp::pool_options options;
  wp::detail::task_runner runner{options};
  workpool_test::fake_owner pool;
  workpool_test::fake_crew crew{2};
  workpool_test::probe_log log;
  workpool_test::probe_task running{log};
  run_scope scope{running, 0};
  wp::detail::fork_desk<workpool_test::fake_crew> desk{pool, runner, crew};
};

}  // namespace

TEST_CASE("nobody forks outside of a task, or on a thread of another crew", "[fork]") {
  bench here;
  CHECK(here.desk.forker() == &here.me());
  const auto* const inside = std::exchange(wp::detail::innermost_run, nullptr);
  CHECK(here.desk.forker() == nullptr);
  wp::detail::innermost_run = inside;
  here.crew.played = nullptr;
  CHECK(here.desk.forker() == nullptr);
}

TEST_CASE("a part that nobody has taken is taken back, and the pool never knew of it", "[fork]") {
  bench here;
  noted_part part;
  REQUIRE(here.desk.fork(here.me(), part));
  CHECK(here.crew.forks == 1);
  CHECK(here.desk.take_back(here.me()));
  CHECK_FALSE(here.desk.take_back(here.me()));
  CHECK(here.desk.take_part(here.other()) == nullptr);
  CHECK(here.runner.sums().total(here.runner.sums().accepted) == 0);
}

TEST_CASE("a part that another worker takes is a task of the pool, in the books of who took it", "[fork]") {
  bench here;
  here.runner.include(here.other().books);
  noted_part part;
  REQUIRE(here.desk.fork(here.me(), part));
  task* const taken = here.desk.take_part(here.other());
  REQUIRE(taken);
  CHECK(taken->belongs_to(here.pool));
  CHECK_FALSE(taken->waiting());
  CHECK(here.runner.sums().total(here.runner.sums().accepted) == 1);
  CHECK_FALSE(here.desk.take_back(here.me()));
  here.run(taken, here.other());
  CHECK(part.ran);
  CHECK(part.over());
  CHECK(here.runner.balanced());
}

TEST_CASE("who takes one of several parts calls another worker", "[fork]") {
  bench here;
  noted_part first, second;
  here.desk.fork(here.me(), first);
  here.desk.fork(here.me(), second);
  here.run(here.desk.take_part(here.other()), here.other());
  CHECK(first.ran);  // the oldest
  CHECK(here.crew.shared == 1);
  here.run(here.desk.take_part(here.other()), here.other());
  CHECK(here.crew.shared == 1);
}

TEST_CASE("a worker takes no part of its own", "[fork]") {
  bench here;
  noted_part part;
  here.desk.fork(here.me(), part);
  CHECK(here.desk.take_part(here.me()) == nullptr);
  CHECK(here.desk.take_back(here.me()));
}

TEST_CASE("nothing begins in the middle of a task while the pool is paused", "[fork]") {
  bench here;
  CHECK(here.desk.may_nest());
  here.crew.is_paused = true;
  CHECK_FALSE(here.desk.may_nest());
}

TEST_CASE("a worker that waits for a part runs what that part has forked", "[fork]") {
  bench here;
  struct outer_part final : fork_job {
    explicit outer_part(bench& on)
        : fork_job([](fork_job& self) { static_cast<outer_part&>(self).body(); }), here(on) {}
    void body() {
      noted_part inner;
      here.desk.fork(here.other(), inner);
      forked = true;
      while (!inner.over()) std::this_thread::yield();  // who has forked it never comes to it
    }
    bench& here;
    std::atomic<bool> forked{false};
  } outer(here);
  here.desk.fork(here.me(), outer);
  task* const taken = here.desk.take_part(here.other());
  REQUIRE(taken);
  std::thread thief([&] { here.run(taken, here.other()); });
  while (!outer.forked) std::this_thread::yield();
  here.desk.join(here.me(), outer);
  CHECK(outer.over());
  thief.join();
}

TEST_CASE("a worker that sleeps until its part is over is stood in for", "[fork]") {
  bench here;
  noted_part part;
  here.desk.fork(here.me(), part);
  task* const taken = here.desk.take_part(here.other());
  REQUIRE(taken);
  std::thread thief([&] {
    while (here.crew.stalls == 0) std::this_thread::yield();
    here.run(taken, here.other());
  });
  here.desk.sleep(here.me(), part);
  thief.join();
  CHECK(part.ran);
  CHECK(here.crew.recoveries == 1);
}
