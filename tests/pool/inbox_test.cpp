#include <workpool/pool/inbox.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <deque>
#include <vector>

namespace wp = workpool;
using wp::priority;
using wp::detail::dispatched;
using wp::detail::inbox;

namespace {

struct bench {
  void put(wp::task_id id, priority lane = priority::normal) {
    tasks.emplace_back(log).describe_as(id, lane);
    inbox::list entry{{&tasks.back(), true}};
    box.put(entry);
    CHECK(entry.empty());
  }
  std::vector<wp::task_id> ids(const inbox::list& of) const {
    std::vector<wp::task_id> all;
    for (const dispatched& one : of) all.push_back(one.one->id());
    return all;
  }
  wp::task_id take() {
    inbox::list into;
    return box.take(into, [](const dispatched&) { return true; }) ? into.front().one->id() : 0;
  }

  workpool_test::probe_log log;
  std::deque<workpool_test::probe_task> tasks;
  inbox box;
};

}  // namespace

TEST_CASE("the higher lane comes first, and in each what came first", "[inbox]") {
  bench here;
  CHECK(here.box.empty());
  here.put(1, priority::low);
  here.put(2);
  here.put(3);
  here.put(4, priority::critical);
  CHECK(here.box.size() == 4);
  inbox::list into;
  CHECK_FALSE(here.box.take_of(priority::high, into));
  CHECK(here.box.take_of(priority::low, into));
  CHECK(here.ids(into) == std::vector<wp::task_id>{1});
  here.box.put(into);
  for (const wp::task_id id : {4U, 2U, 3U, 1U, 0U}) CHECK(here.take() == id);
  CHECK(here.box.empty());
}

TEST_CASE("what may not be taken is passed over, and stays where it is", "[inbox]") {
  bench here;
  for (const wp::task_id id : {1U, 2U, 3U, 4U}) here.put(id);
  inbox::list into;
  const auto even = [](const dispatched& one) { return one.one->id() % 2 == 0; };
  CHECK(here.box.take(into, even));
  CHECK(here.box.take(into, even));
  CHECK_FALSE(here.box.take(into, even));
  CHECK_FALSE(here.box.has(even));
  CHECK(here.box.has([](const dispatched& one) { return one.one->id() == 3; }));
  CHECK(here.ids(into) == std::vector<wp::task_id>{4, 2});
  CHECK(here.box.size() == 2);
  CHECK(here.take() == 1);
  CHECK(here.take() == 3);
}

TEST_CASE("a lane is emptied without the others", "[inbox]") {
  bench here;
  here.put(1);
  here.put(2, priority::low);
  here.put(3);
  inbox::list gone;
  here.box.take_all(priority::normal, gone);
  here.box.take_all(priority::high, gone);
  CHECK(here.ids(gone) == std::vector<wp::task_id>{1, 3});
  CHECK(here.box.size() == 1);
  CHECK(here.take() == 2);
}
