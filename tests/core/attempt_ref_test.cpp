#include <workpool/core/attempt_ref.hpp>

#include <utility>
#include <workpool/core/task_ref.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

using workpool::outcome;
using workpool::task_ref;
using workpool::detail::attempt_ref;

namespace {

struct bench {
  bench() { one->accept_by(pool); }
  ~bench() { one->drop_reference(); }

  attempt_ref refer(std::uint32_t ended) {
    one->add_reference();
    return {one, ended};
  }
  void fail_once() {
    REQUIRE(one->start(one->state().attempts()));
    REQUIRE(one->put_back(outcome::failed));
  }

  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task* one = new workpool_test::probe_task(log);
};

}  // namespace

TEST_CASE("an attempt is taken once, and only when it is the one that is waited for", "[retry]") {
  bench here;
  attempt_ref first = here.refer(0), second = here.refer(1), third = here.refer(2);
  CHECK(first.waiting());
  CHECK_FALSE(second.waiting());
  CHECK_FALSE(second.take());
  here.fail_once();
  CHECK_FALSE(first.waiting());
  CHECK_FALSE(first.take());
  CHECK_FALSE(first.withdraw(outcome::cancelled));
  CHECK(second.waiting());
  CHECK_FALSE(third.take());
  CHECK(second.take());
  CHECK_FALSE(second.take());
  here.one->drop();
  here.one->finish(outcome::value);
}

TEST_CASE("what lies in the queue for the first attempt means nothing to another one", "[retry]") {
  bench here;
  here.one->add_reference();
  {
    task_ref queued(here.one);
    CHECK(queued.waiting());
    here.fail_once();
    CHECK_FALSE(queued.waiting());
    CHECK_FALSE(queued.take());
  }  // thrown away
  CHECK(here.one->waiting());
  CHECK(here.refer(1).take());
  here.one->drop();
  here.one->finish(outcome::value);
}

TEST_CASE("an attempt that is thrown away while it waits is discarded, one that is not waited for is not", "[retry]") {
  bench here;
  static_cast<void>(here.refer(1));
  CHECK(here.one->waiting());
  {
    attempt_ref moved = here.refer(0);
    const attempt_ref there = std::move(moved);
    CHECK(here.one->waiting());
  }
  CHECK(here.one->settled());
  CHECK(here.one->state().outcome() == outcome::discarded);
}
