#include <workpool/core/task_owner.hpp>

#include <workpool/core/outcome.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

using namespace workpool::detail;

TEST_CASE("a guest works for the pool it visits, and keeps it, until it leaves") {
  workpool_test::fake_owner outer, inner;
  REQUIRE(working_for == nullptr);
  {
    const guest_visit first(outer);
    CHECK(working_for == &outer);
    CHECK(outer.held() == 1);
    {
      const guest_visit second(inner);
      CHECK(working_for == &inner);
      CHECK(inner.held() == 1);
    }
    CHECK(working_for == &outer);
    CHECK(inner.held() == 0);
  }
  CHECK(working_for == nullptr);
  CHECK(outer.held() == 0);
}

TEST_CASE("an owner that runs nothing twice takes nothing back") {
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one{log};
  one.accept_by(pool);
  REQUIRE(one.start());
  pool.expect_attempts();
  CHECK_FALSE(pool.put_back(one, workpool::outcome::failed, workpool::time_point{}));
  pool.expect_no_more();
  CHECK(one.state().phase() == task_phase::running);
  one.finish(workpool::outcome::failed);
}
