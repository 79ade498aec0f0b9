#include <workpool/pool/explanation.hpp>

#include <string>

#include "support/accepted_task.hpp"
#include "support/catch.hpp"
#include "support/fake_owner.hpp"

namespace wp = workpool;
using Catch::Matchers::ContainsSubstring;
using wp::detail::explain;

namespace {

struct situation {
  workpool_test::fake_owner owner;
  workpool_test::accepted_task<void> one = workpool_test::accept(owner, [] {});
  wp::pool_stats now;
  bool paused = false, closed = false;

  situation() {
    now.pool = "calc";
    now.workers = 2;
    now.queued_by_priority = {1, 2, 6, 9};
    now.workers_by_state[static_cast<std::size_t>(wp::worker_state::busy)] = 2;
  }
  std::string text() const { return explain(one.task(), {now, paused, closed, {2, 2}}); }
};

}  // namespace

TEST_CASE("a waiting task is told its lane, what is before it, and what the workers do") {
  const situation here;
  CHECK(here.text() ==
        "task 17 'thumb' waits in lane normal of pool 'calc' with 5 other tasks; 3 tasks wait in lanes above it. "
        "2 of 2 workers are busy.");
}

TEST_CASE("what holds a pool up is said") {
  situation here;
  here.now.overrunning = 1;
  here.now.workers = 1;
  here.now.workers_by_state[static_cast<std::size_t>(wp::worker_state::busy)] = 1;
  here.closed = true;
  CHECK_THAT(here.text(), ContainsSubstring("1 of 1 worker is busy, 1 with bodies that overrun their timeout; 1 could "
                                            "not be started; a shutdown has begun."));
  here.paused = true;
  CHECK_THAT(here.text(), ContainsSubstring("The pool is paused: nothing starts until resume()."));
}

TEST_CASE("a task that does not wait is told where it stands") {
  situation here;
  here.one.task().details().delayed = true;
  CHECK(here.text() == "task 17 'thumb' waits for its time; then it enters pool 'calc'");
  here.one.task().details().delayed = false;
  REQUIRE(here.one.queued.take());
  CHECK(here.text() == "task 17 'thumb' is running");
  here.one.result.cancel();
  CHECK(here.text() == "task 17 'thumb' is running, and was asked to stop");
  workpool_test::fake_owner::run_started(here.one.task());
  CHECK(here.text() == "task 17 'thumb' has ended: value");
}
