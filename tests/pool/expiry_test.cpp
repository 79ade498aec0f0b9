#include <workpool/pool/expiry.hpp>

#include <optional>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

using workpool::outcome;
using workpool::detail::expiry;

TEST_CASE("a waiting task expires when its time has come") {
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  auto* const one = new workpool_test::probe_task(log);
  one->accept_by(pool);
  std::optional<expiry> end(*one);
  CHECK_FALSE(end->moot());
  CHECK(end->waits_outside() == nullptr);
  end->keep();
  CHECK(one->settled());
  CHECK(one->state().outcome() == outcome::expired);
  CHECK(end->moot());
  one->drop_reference();
  CHECK(log.destroyed == 0);  // the expiry holds it
  end.reset();
  CHECK(log.destroyed == 1);
}

TEST_CASE("the expiry of a task that runs is moot and does nothing, and is none of its business when dropped") {
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  auto* const one = new workpool_test::probe_task(log);
  one->accept_by(pool);
  {
    expiry end(*one);
    REQUIRE(one->start());
    CHECK(end.moot());
    end.keep();
    CHECK_FALSE(one->settled());
  }
  one->drop();
  one->finish(outcome::value);
  one->drop_reference();
  CHECK(log.destroyed == 1);
  CHECK(pool.withdrawals.empty());
}

TEST_CASE("a task that is put back expires as its last attempt ended") {
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  auto* const one = new workpool_test::probe_task(log);
  one->accept_by(pool);
  REQUIRE(one->start());
  REQUIRE(one->put_back(outcome::timed_out));
  expiry(*one).keep();
  CHECK(one->state().outcome() == outcome::timed_out);
  one->drop_reference();
}
