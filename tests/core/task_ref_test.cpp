#include <workpool/core/task_ref.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <type_traits>
#include <utility>
#include <vector>

using workpool::outcome;
using workpool::task_ref;
using workpool_test::fake_owner;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

task_ref make(probe_log& log, fake_owner& owner, workpool::task_id id = 1) {
  auto* const one = new probe_task(log);
  one->describe_as(id, workpool::priority::normal);
  one->accept_by(owner);
  return task_ref(one);
}

}  // namespace

TEST_CASE("a task_ref moves and does not copy") {
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<task_ref>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<task_ref>);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<task_ref>);
  STATIC_REQUIRE_FALSE(std::is_copy_assignable_v<task_ref>);
  STATIC_REQUIRE(sizeof(task_ref) == sizeof(void*));
}

TEST_CASE("a task thrown away before it was taken ends discarded") {
  probe_log log;
  fake_owner owner;
  { const task_ref thrown_away = make(log, owner, 5); }
  CHECK(owner.withdrawals == std::vector<fake_owner::withdrawal>{{5, outcome::discarded}});
  CHECK(log.dropped == 1);
  CHECK(log.destroyed == 1);
}

TEST_CASE("a taken task is the taker's: throwing the reference away settles nothing") {
  probe_log log;
  fake_owner owner;
  {
    task_ref one = make(log, owner);
    CHECK(one.waiting());
    CHECK(one.take());
    CHECK_FALSE(one.waiting());
    CHECK_FALSE(one.take());
  }
  CHECK(owner.withdrawals.empty());
  CHECK(log.destroyed == 1);
}

TEST_CASE("a task cancelled while it waited cannot be taken, and is not discarded on top") {
  probe_log log;
  fake_owner owner;
  {
    task_ref one = make(log, owner);
    one.get()->cancel();
    CHECK_FALSE(one.waiting());
    CHECK_FALSE(one.take());
  }
  CHECK(owner.withdrawals == std::vector<fake_owner::withdrawal>{{1, outcome::cancelled}});
}

TEST_CASE("a task that was never accepted, or not after all, is destroyed and settles nothing") {
  probe_log log;
  fake_owner owner;
  {
    const task_ref never(new probe_task(log));
    const task_ref disowned = make(log, owner);
    disowned.get()->disown();
  }
  CHECK(log.destroyed == 2);
  CHECK(owner.withdrawals.empty());
  CHECK(owner.retained == 0);
}

TEST_CASE("moving hands the task over, and an assignment discards what was held") {
  probe_log log;
  fake_owner owner;
  task_ref first = make(log, owner, 1), second = make(log, owner, 2);
  workpool::detail::task* const one = first.get();
  task_ref moved(std::move(first));
  CHECK_FALSE(first);  // NOLINT(bugprone-use-after-move)
  CHECK(moved.get() == one);
  second = std::move(moved);
  CHECK(second.get() == one);
  CHECK(owner.withdrawals == std::vector<fake_owner::withdrawal>{{2, outcome::discarded}});
  task_ref& same = second;
  second = std::move(same);
  CHECK(second.get() == one);
  CHECK(second.waiting());
}

TEST_CASE("release hands the reference out, swap exchanges, and an empty task_ref is harmless") {
  probe_log log;
  fake_owner owner;
  task_ref empty;
  CHECK_FALSE(empty);
  CHECK(empty.get() == nullptr);
  task_ref one = make(log, owner);
  empty.swap(one);
  CHECK_FALSE(one);
  workpool::detail::task* const released = empty.release();
  CHECK_FALSE(empty);
  CHECK(log.destroyed == 0);
  released->drop_reference();
  CHECK(log.destroyed == 1);
  CHECK(owner.withdrawals.empty());
}
