#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <stop_token>
#include <thread>

using workpool::outcome;
using workpool::worker_id;
using workpool::detail::run_scope;
using workpool_test::fake_owner;
using workpool_test::probe_log;
using workpool_test::probe_task;
namespace this_worker = workpool::this_worker;

TEST_CASE("outside a task there is no worker and nobody asks to stop") {
  CHECK(this_worker::id() == worker_id(-1));
  CHECK_FALSE(this_worker::stop_token().stop_possible());
}

TEST_CASE("inside a task there is its worker and its stop token, on this thread only") {
  probe_log log;
  fake_owner owner;
  probe_task one(log);
  one.accept_by(owner);
  one.start();
  {
    const run_scope scope(one, 3);
    CHECK(this_worker::id() == 3);
    const std::stop_token token = this_worker::stop_token();
    CHECK(token == one.stop_token());
    worker_id elsewhere = 0;
    std::thread([&] { elsewhere = this_worker::id(); }).join();
    CHECK(elsewhere == worker_id(-1));
    one.cancel();
    CHECK(token.stop_requested());
  }
  CHECK(this_worker::id() == worker_id(-1));
  CHECK_FALSE(this_worker::stop_token().stop_possible());
  one.finish(outcome::value);
}

TEST_CASE("a task run within another one is the innermost, and then the outer one is again") {
  probe_log log;
  fake_owner owner;
  probe_task outer(log), inner(log);
  for (probe_task* const one : {&outer, &inner}) {
    one->accept_by(owner);
    one->start();
  }
  const run_scope scope(outer, 1);
  {
    const run_scope within(inner, workpool::detail::no_worker);
    CHECK(this_worker::id() == worker_id(-1));
    CHECK(this_worker::stop_token() == inner.stop_token());
  }
  CHECK(this_worker::id() == 1);
  CHECK(this_worker::stop_token() == outer.stop_token());
  outer.finish(outcome::value);
  inner.finish(outcome::value);
}
