#include <workpool/algorithm/group_state.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>
#include <workpool/core/future.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/accepted_task.hpp"
#include "support/catch.hpp"
#include "support/fake_owner.hpp"

using workpool::outcome;
using workpool::detail::entry_ref;
using workpool::detail::group_call;
using workpool::detail::group_state;
using workpool::detail::run_scope;
using workpool_test::accept;
using workpool_test::accepted_task;
using workpool_test::as_worker_of;
using workpool_test::fake_owner;

namespace {

/// A member in the group whose task waits.
struct added {
  explicit added(group_state& group, fake_owner& owner)
      : one(new group_call<void (*)()>(+[] {})), task(accept(owner, [&group, entry = one] {
          const run_scope scope(entry->behind(), 0);
          group.perform(entry);
        })) {
    group.add(one, std::move(task.result));
  }
  void withdraw(outcome end, group_state& group) {
    task.queued.get()->withdraw(end);
    group.never_ran(one);
  }
  entry_ref one;
  accepted_task<void> task;
};

}  // namespace

TEST_CASE("a task that expires fails the group and cancels its other members") {
  fake_owner owner;
  group_state group;
  added first(group, owner);
  added second(group, owner);
  first.withdraw(outcome::expired, group);
  CHECK(group.ends());
  CHECK(second.one->again().outcome() == outcome::cancelled);
  CHECK(&*group.wait() == &*first.one);
  CHECK_FALSE(group.ends());
  CHECK_FALSE(group.wait());
}

TEST_CASE("of all outcomes only a value and a cancel leave the group alone") {
  for (const outcome end : {outcome::expired, outcome::discarded, outcome::pool_broken, outcome::cancelled}) {
    fake_owner owner;
    group_state group;
    added one(group, owner);
    one.withdraw(end, group);
    CHECK(group.ends() == (end != outcome::cancelled));
    CHECK(static_cast<bool>(group.wait()) == (end != outcome::cancelled));
  }
}

TEST_CASE("a task that was withdrawn before the group knew it is noticed when it does") {
  fake_owner owner;
  group_state group;
  accepted_task<void> task = accept(owner, [] {});
  const entry_ref one(new group_call<void (*)()>(+[] {}));
  task.task().withdraw(outcome::discarded);
  group.never_ran(one);
  CHECK_FALSE(group.ends());
  group.add(one, std::move(task.result));
  CHECK(group.ends());
  CHECK(&*group.wait() == &*one);
}

TEST_CASE("a task that was settled by its timeout fails the group when its body returns") {
  fake_owner owner;
  group_state group;
  added one(group, owner);
  workpool::detail::task& task = *one.task.queued.get();
  REQUIRE(task.start());
  const run_scope scope(task, 0);
  task.finish(outcome::timed_out);
  CHECK_FALSE(group.ends());
  group.perform(one.one);
  task.drop();
  CHECK(group.ends());
  CHECK_THROWS_AS(group.wait()->again().get(), workpool::task_timeout);
}

TEST_CASE("so it does when the body answers the stop request by task_cancelled") {
  fake_owner owner;
  group_state group;
  const entry_ref one(new group_call<void (*)()>(+[] { throw workpool::task_cancelled("stopped"); }));
  accepted_task<void> task = accept(owner, [] {});
  workpool::detail::task& behind = task.task();
  group.add(one, std::move(task.result));
  REQUIRE(behind.start());
  const run_scope scope(behind, 0);
  behind.finish(outcome::timed_out);
  CHECK_THROWS_AS(group.perform(one), workpool::task_cancelled);
  CHECK(group.ends());
  CHECK(group.wait());
}

TEST_CASE("what is added to a group that ends is cancelled") {
  fake_owner owner;
  group_state group;
  group.cancel();
  const added one(group, owner);
  CHECK(one.one->again().outcome() == outcome::cancelled);
  CHECK_FALSE(group.wait());
}

TEST_CASE("a worker of the owner runs what waits, and nobody else does") {
  fake_owner owner;
  fake_owner other;
  group_state group;
  const added mine(group, owner);
  {
    const as_worker_of mark(owner);
    CHECK_FALSE(group.wait());
  }
  CHECK(owner.runs_here == 1);
  added foreign(group, owner);
  CHECK(foreign.one->waiting());
  {
    const as_worker_of mark(other);
    foreign.one->behind().help_own();
  }
  foreign.one->behind().help_own();
  CHECK(foreign.one->waiting());
  group.cancel();
  CHECK_FALSE(group.wait());
  CHECK(owner.runs_here == 1);
}

TEST_CASE("a ticket keeps wait from returning") {
  group_state group;
  std::atomic<bool> over{false};
  std::thread body([&over, ticket = std::optional(group.enter())]() mutable {
    for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
    over = true;
    ticket.reset();
  });
  CHECK_FALSE(group.wait());
  CHECK(over);
  body.join();
}
