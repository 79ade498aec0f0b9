#include <workpool/pool/acceptance.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using wp::detail::acceptance;

namespace {

struct submitter {
  wp::pool_options options;
  wp::detail::task_ledger ledger{options};
  workpool_test::fake_owner pool;
  workpool_test::probe_log log;
  workpool_test::probe_task one{log};
  acceptance moment{pool, ledger, one};

  submitter() { one.describe_as(1, wp::priority::high); }
  std::uint64_t accepted() const { return ledger.sums().total(ledger.sums().accepted); }
};

}  // namespace

TEST_CASE("an accepted task belongs to its pool and is in the books", "[acceptance]") {
  submitter by;
  CHECK_FALSE(by.one.belongs_to(by.pool));
  SECTION("told without a slot") { by.moment.accept(); }
  SECTION("told by a queue with slots") { by.moment.accept(3); }
  CHECK(by.one.belongs_to(by.pool));
  CHECK(by.one.waiting());
  CHECK(by.accepted() == 1);
  CHECK(by.ledger.sums().accepted[wp::lane_index(wp::priority::high)] == 1);
  CHECK_FALSE(by.ledger.balanced());
}

TEST_CASE("what is retracted has never been accepted", "[acceptance]") {
  submitter by;
  SECTION("without a slot") {
    by.moment.accept();
    by.moment.retract();
  }
  SECTION("with a slot") {
    by.moment.accept(3);
    by.moment.retract(3);
  }
  CHECK_FALSE(by.one.belongs_to(by.pool));
  CHECK(by.accepted() == 0);
  CHECK(by.ledger.balanced());
}

TEST_CASE("of many tasks some are timed, the first one among them", "[acceptance]") {
  submitter by;
  by.moment.accept(0);
  CHECK(by.one.accepted_at() != wp::time_point{});
  workpool_test::probe_task next{by.log};
  next.describe_as(2, wp::priority::high);
  const acceptance second{by.pool, by.ledger, next};
  second.accept(0);
  CHECK(next.accepted_at() == wp::time_point{});
}
