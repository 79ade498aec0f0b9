#include <workpool/worker/own_frames.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

using workpool::detail::innermost_run;
using workpool::detail::no_worker;
using workpool::detail::own_frame;
using workpool::detail::own_worker;
using workpool::detail::run_scope;
using workpool::detail::works_for;
using workpool_test::fake_owner;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

/// A task of a pool.
struct task_of {
  explicit task_of(fake_owner& pool) { one.accept_by(pool); }
  probe_log log;
  probe_task one{log};
};

}  // namespace

TEST_CASE("a thread outside of every task is no worker of any pool", "[frames]") {
  fake_owner pool;
  CHECK(own_frame(pool, innermost_run) == nullptr);
  CHECK(own_worker(pool) == no_worker);
  CHECK_FALSE(works_for(pool));
}

TEST_CASE("a task of another pool does not hide the one beneath it", "[frames]") {
  fake_owner pool, other;
  task_of mine(pool), stranger(other);
  const run_scope beneath(mine.one, 3);
  const auto* const frame = innermost_run;
  const run_scope above(stranger.one, 5);
  CHECK(own_frame(pool, innermost_run) == frame);
  CHECK(own_worker(pool) == 3);
  CHECK(own_worker(other) == 5);
  CHECK(works_for(pool));
  CHECK(works_for(other));
}

TEST_CASE("a task that its waiter runs leaves the thread the worker it was", "[frames]") {
  fake_owner pool;
  task_of outer(pool), inner(pool);
  const run_scope beneath(outer.one, 3);
  const run_scope above(inner.one, no_worker);
  CHECK(own_worker(pool) == 3);
}

TEST_CASE("a guest works for a pool without being one of its workers", "[frames]") {
  fake_owner pool;
  task_of mine(pool);
  const run_scope scope(mine.one, no_worker);
  CHECK(works_for(pool));
  CHECK(own_worker(pool) == no_worker);
}

TEST_CASE("a thread works for the pool it is marked with, also between two tasks", "[frames]") {
  fake_owner pool, other;
  const workpool_test::as_worker_of mark(pool);
  CHECK(works_for(pool));
  CHECK_FALSE(works_for(other));
  CHECK(own_worker(pool) == no_worker);
}
