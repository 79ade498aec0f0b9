#include <workpool/algorithm/group_entry.hpp>

#include <memory>
#include <stop_token>
#include <utility>
#include <vector>

#include "support/accepted_task.hpp"
#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/object_census.hpp"

using workpool::detail::entry_list;
using workpool::detail::entry_ref;
using workpool::detail::group_call;
using workpool::detail::group_entry;
using workpool_test::accepted_task;
using workpool_test::fake_owner;
using workpool_test::object_census;

namespace {

template <class F, class... A>
entry_ref make(F&& callable, A&&... arguments) {
  return entry_ref(new group_call<F, A...>(std::forward<F>(callable), std::forward<A>(arguments)...));
}

/// A member whose task waits in `queue`.
entry_ref make_waiting(fake_owner& owner, std::vector<workpool::task_ref>& queue) {
  accepted_task<void> one = workpool_test::accept(owner, [] {});
  queue.push_back(std::move(one.queued));
  entry_ref made = make([] {});
  made->accepted(std::move(one.result));
  return made;
}

bool any(const group_entry&) { return true; }

}  // namespace

TEST_CASE("a member calls its callable with what it was made with, and drops both when told to") {
  object_census captures;
  int sum = 0;
  const entry_ref one = make([&sum, kept = captures.make()](std::stop_token, std::unique_ptr<int> box) { sum += *box; },
                             std::make_unique<int>(7));
  CHECK(captures.alive() == 1);
  fake_owner owner;
  const accepted_task<void> task = workpool_test::accept(owner, [] {});
  one->call(task.task());
  CHECK(sum == 7);
  CHECK(captures.alive() == 1);
  one->drop();
  CHECK(captures.alive() == 0);
}

TEST_CASE("a member goes with its last reference") {
  object_census captures;
  entry_ref first = make([kept = captures.make()] {});
  {
    const entry_ref second = entry_ref::share(&*first);
    first = entry_ref();
    CHECK(captures.alive() == 1);
  }
  CHECK(captures.alive() == 0);
  CHECK_FALSE(entry_ref::share(nullptr));
}

TEST_CASE("a member knows how its task stands and can cancel it") {
  fake_owner owner;
  std::vector<workpool::task_ref> queue;
  const entry_ref before = make([] {});
  CHECK_FALSE(before->is_accepted());
  const entry_ref one = make_waiting(owner, queue);
  CHECK(one->is_accepted());
  CHECK(one->waiting());
  one->cancel();
  CHECK(one->settled());
  CHECK(one->again().outcome() == workpool::outcome::cancelled);
  CHECK_THROWS_AS(one->again().get(), workpool::task_cancelled);
}

TEST_CASE("a list finds the newest wanted member and hands over what is settled on the way") {
  fake_owner owner;
  std::vector<workpool::task_ref> queue;
  entry_list all;
  std::vector<entry_ref> made;
  for (int n = 0; n < 5; ++n) {
    made.push_back(make_waiting(owner, queue));
    all.push(made.back());
  }
  entry_list gone;
  CHECK(all.find(any, gone) == &*made[4]);
  CHECK(gone.size() == 0);
  made[4]->cancel();
  made[2]->cancel();
  made[0]->cancel();
  CHECK(all.find(any, gone) == &*made[3]);
  CHECK(gone.size() == 1);
  CHECK(all.find([&](group_entry& one) { return &one == &*made[1]; }, gone) == &*made[1]);
  CHECK(gone.size() == 2);
  CHECK(all.size() == 3);
  CHECK(all.find([](const group_entry&) { return false; }, gone) == nullptr);
  CHECK(gone.size() == 3);
  CHECK(all.size() == 2);
  CHECK(all.newest() == &*made[3]);
}

TEST_CASE("a list of very many members goes without recursion") {
  fake_owner owner;
  std::vector<workpool::task_ref> queue;
  object_census captures;
  {
    entry_list all;
    for (int n = 0; n < 200000; ++n) all.push(make([kept = captures.make()] {}));
    CHECK(captures.alive() == 200000);
  }
  CHECK(captures.alive() == 0);
}
