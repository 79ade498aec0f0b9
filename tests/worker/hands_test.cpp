#include <workpool/worker/hands.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <vector>
#include <workpool/worker/fork_job.hpp>

using workpool::priority;
using workpool::worker_id;
using workpool::detail::fork_job;
using workpool::detail::hands;
using workpool::detail::run_scope;
using workpool::detail::task_batch;
using workpool::detail::thread_worker;
using workpool::detail::worker_list;
using workpool_test::probe_task;

namespace {

/// Workers that are at work.
struct crew_of {
  explicit crew_of(int count) {
    for (int n = 0; n < count; ++n) workers.add().at_rest = false;
  }
  thread_worker& operator[](std::size_t id) { return workers[id]; }
  worker_list workers;
  hands all{workers};
  workpool_test::probe_log log;
};

/// What any_worker shows, in order, up to and with `last`.
std::vector<worker_id> shown(const hands& all, const thread_worker* me, worker_id last = 99) {
  std::vector<worker_id> ids;
  all.any_worker(
      [&](thread_worker& one) {
        ids.push_back(one.id());
        return one.id() == last;
      },
      me);
  return ids;
}

void fill(thread_worker& worker, probe_task& one) {
  void* pointer = static_cast<workpool::detail::task*>(&one);
  worker.batch.fill(&pointer, 1, priority::normal);
}

}  // namespace

TEST_CASE("a worker looks first at those after it, then at those before it, never at itself", "[hands]") {
  crew_of crew(4);
  using ids = std::vector<worker_id>;
  CHECK(shown(crew.all, &crew[1]) == ids{2, 3, 0});
  CHECK(shown(crew.all, &crew[3]) == ids{0, 1, 2});
  CHECK(shown(crew.all, nullptr) == ids{0, 1, 2, 3});
  CHECK(shown(crew.all, &crew[1], 3) == ids{2, 3});
  CHECK(shown(hands(worker_list()), nullptr).empty());
}

TEST_CASE("a single task in the hand of a worker is its own affair while the worker is at work", "[hands]") {
  crew_of crew(2);
  probe_task first{crew.log}, second{crew.log};
  CHECK_FALSE(crew.all.hold_any());
  crew[1].own.push(&first);
  CHECK_FALSE(crew.all.hold_any());
  SECTION("unless the worker rests") {
    crew[1].at_rest = true;
    CHECK(crew.all.hold_any());
  }
  SECTION("unless it waits in the middle of a task") {
    crew[1].waits = 1;
    CHECK(crew.all.hold_any());
  }
  SECTION("unless there is an older one") {
    crew[1].own.push(&second);
    CHECK(crew.all.hold_any());
    crew[1].own.pop();
  }
  crew[1].own.pop();
  CHECK_FALSE(crew.all.hold_any());
}

TEST_CASE("what was taken out of the queue or forked is for anybody", "[hands]") {
  crew_of crew(2);
  probe_task one{crew.log};
  SECTION("taken") {
    fill(crew[0], one);
    CHECK(crew.all.hold_any());
    crew[0].batch.take();
  }
  SECTION("forked") {
    const run_scope scope(one, 0);
    fork_job part([](fork_job&) {});
    crew[0].forks.push(&part);
    CHECK(crew.all.hold_any());
    crew[0].forks.pop();
  }
  CHECK_FALSE(crew.all.hold_any());
}

TEST_CASE("a batch that nobody has touched between two looks is idle", "[hands]") {
  crew_of crew(2);
  probe_task one{crew.log};
  fill(crew[0], one);
  CHECK(crew.all.idle_batch(crew[1]) == nullptr);  // whom to look at
  CHECK(crew.all.idle_batch(crew[1]) == nullptr);  // how it is
  CHECK(crew.all.idle_batch(crew[1]) == &crew[0].batch);
  crew[0].batch.take();
  fill(crew[0], one);
  CHECK(crew.all.idle_batch(crew[1]) == nullptr);  // touched since
  CHECK(crew.all.idle_batch(crew[1]) == &crew[0].batch);
}

TEST_CASE("a worker alone has nobody to look at", "[hands]") {
  crew_of crew(1);
  probe_task one{crew.log};
  fill(crew[0], one);
  for (int look = 0; look < 5; ++look) CHECK(crew.all.idle_batch(crew[0]) == nullptr);
}
