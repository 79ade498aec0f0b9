#include <workpool/pool/guard_post.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <workpool/worker/fork_job.hpp>
#include <workpool/worker/this_worker.hpp>

using workpool::detail::guard_post;
using workpool::detail::thread_worker;
using workpool_test::probe_task;

namespace {

struct crew_of_two {
  workpool::detail::worker_list workers;
  thread_worker& me = workers.add();
  thread_worker& other = workers.add();
  workpool_test::probe_log log;
  probe_task one{log}, another{log};

  bool look() { return guard_post::look_around(workers, me); }
};

}  // namespace

TEST_CASE("one worker at a time keeps guard", "[guard]") {
  guard_post post;
  CHECK_FALSE(post.manned());
  CHECK(post.take());
  CHECK(post.manned());
  CHECK_FALSE(post.take());
  post.leave();
  CHECK(post.take());
}

TEST_CASE("a guard relieves a worker whose single task has not moved between two looks", "[guard]") {
  crew_of_two crew;
  crew.other.own.push(&crew.one);
  CHECK_FALSE(crew.look());
  CHECK(crew.look());
  CHECK(crew.me.relieves == &crew.other);
  crew.other.own.pop();
}

TEST_CASE("a guard leaves a worker alone whose task is another one each time", "[guard]") {
  crew_of_two crew;
  for (int turn = 0; turn < 5; ++turn) {
    crew.other.own.push(turn % 2 == 0 ? &crew.one : &crew.another);
    CHECK_FALSE(crew.look());
    crew.other.own.pop();
  }
  CHECK(crew.me.relieves == nullptr);
}

TEST_CASE("what was forked is for whoever sees it", "[guard]") {
  crew_of_two crew;
  const workpool::detail::run_scope scope(crew.one, 1);
  workpool::detail::fork_job part([](workpool::detail::fork_job&) {});
  crew.other.forks.push(&part);
  CHECK(crew.look());
  CHECK(crew.me.relieves == nullptr);
  crew.other.forks.pop();
}

TEST_CASE("a guard that sees nothing sleeps longer and longer, up to 2 ms, and short again when it sees something",
          "[guard]") {
  crew_of_two crew;
  workpool::duration before = crew.me.guard_turn;
  CHECK(before == thread_worker::first_guard_turn);
  CHECK_FALSE(crew.look());
  CHECK(crew.me.guard_turn == 2 * before);
  for (int turn = 0; turn < 20; ++turn) crew.look();
  CHECK(crew.me.guard_turn == std::chrono::milliseconds(2));
  crew.other.own.push(&crew.one);
  CHECK_FALSE(crew.look());
  CHECK(crew.me.guard_turn == thread_worker::first_guard_turn);
  crew.other.own.pop();
}

TEST_CASE("who was on guard wakes another one when it has something to do, once", "[guard]") {
  crew_of_two crew;
  workpool::detail::parking parked;
  parked.announce();
  guard_post::hand_on(crew.me, parked);
  CHECK(parked.anyone());  // it was not on guard
  crew.me.was_on_guard = true;
  guard_post::hand_on(crew.me, parked);
  CHECK_FALSE(parked.anyone());
  parked.retract();
  parked.announce();
  guard_post::hand_on(crew.me, parked);
  CHECK(parked.anyone());
  parked.retract();
}
