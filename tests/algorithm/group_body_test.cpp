#include <workpool/algorithm/group_body.hpp>

#include <optional>
#include <utility>

#include "support/accepted_task.hpp"
#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/object_census.hpp"

using workpool::outcome;
using workpool::detail::entry_ref;
using workpool::detail::group_body;
using workpool::detail::group_call;
using workpool::detail::group_state;
using workpool::detail::run_scope;
using workpool_test::accept;
using workpool_test::accepted_task;
using workpool_test::fake_owner;
using workpool_test::object_census;

namespace {

template <class F>
entry_ref make(F&& callable) {
  return entry_ref(new group_call<F>(std::forward<F>(callable)));
}

}  // namespace

TEST_CASE("the callable is destroyed with the body, though the group still knows the member") {
  object_census captures;
  group_state group;
  const entry_ref one = make([kept = captures.make()] {});
  {
    group_body first(group, one);
    const group_body second(std::move(first));
    CHECK(captures.alive() == 1);
  }
  CHECK(captures.alive() == 0);
}

TEST_CASE("the callable dies before the ticket, so that whoever waits finds it gone") {
  struct looks {
    const group_state* group;
    bool* waited_for;
    looks(const group_state& of, bool& answer) : group(&of), waited_for(&answer) {}
    looks(looks&& other) noexcept : group(std::exchange(other.group, nullptr)), waited_for(other.waited_for) {}
    ~looks() {
      if (group != nullptr) *waited_for = !group->idle();
    }
    void operator()() const {}
  };
  group_state group;
  bool waited_for = false;
  { const group_body body(group, make(looks(group, waited_for))); }
  CHECK(waited_for);
  CHECK(group.idle());
}

TEST_CASE("a body runs its member as the task that runs here") {
  fake_owner owner;
  group_state group;
  int runs = 0;
  const entry_ref one = make([&runs] { ++runs; });
  accepted_task<void> task = accept(owner, group_body(group, one));
  group.add(one, std::move(task.result));
  REQUIRE(task.task().start());
  {
    const run_scope scope(task.task(), 0);
    fake_owner::run_started(task.task());
  }
  CHECK(runs == 1);
  CHECK_FALSE(group.wait());
}

TEST_CASE("a body that is thrown away unrun tells the group why") {
  fake_owner owner;
  group_state group;
  const entry_ref one = make([] {});
  accepted_task<void> task = accept(owner, group_body(group, one));
  group.add(one, std::move(task.result));
  task.task().withdraw(outcome::expired);
  CHECK(group.ends());
  CHECK(&*group.wait() == &*one);
}

TEST_CASE("a body that no pool accepted leaves the group alone") {
  group_state group;
  {
    const group_body refused(group, make([] {}));
  }
  CHECK_FALSE(group.ends());
  CHECK_FALSE(group.wait());
}
