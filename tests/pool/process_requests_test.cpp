#include <workpool/pool/process_requests.hpp>

#include <csignal>
#include <cstddef>
#include <vector>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>

#include "support/catch.hpp"
#include "support/crew_of_processes.hpp"

namespace wp = workpool;
using workpool_test::crew_of_processes;
using workpool_test::quiet_crew;
using wp::detail::crew_news;
using wp::detail::process_stage;
using wp::detail::task;

namespace {

int plus(int left, int right) { return left + right; }

/// A worker that does not run, and tasks that were sent to it.
struct stopped_worker {
  explicit stopped_worker(wp::channel_kind channel = wp::channel_kind::automatic) : crew(over(channel)) {
    worker = crew.staff.roster().take_idle();
    REQUIRE(worker != nullptr);
    REQUIRE(::kill(worker->pid, SIGSTOP) == 0);
  }
  explicit stopped_worker(int ahead, wp::channel_kind channel = wp::channel_kind::automatic) : stopped_worker(channel) {
    current = &crew.make(plus, 1, 2);
    crew.give(*worker, *current);
    for (int n = 0; n < ahead; ++n) send_ahead(crew.wait(plus, n, n));
  }
  void send_ahead(task& one) {
    REQUIRE(one.hand_out());
    crew.staff.roster().hold(*worker);
    crew.give(*worker, one);
    after.push_back(&one);
  }
  static wp::fork_pool_options over(wp::channel_kind channel) {
    wp::fork_pool_options options = quiet_crew("requests", 1);
    options.channel = channel;
    return options;
  }
  void go_on() { REQUIRE(::kill(worker->pid, SIGCONT) == 0); }

  crew_of_processes crew;
  crew_of_processes::worker* worker = nullptr;
  task* current = nullptr;
  std::vector<task*> after;
};

}  // namespace

TEST_CASE("what is sent to a busy worker waits until it is that worker's turn") {
  stopped_worker one(2);
  CHECK(one.worker->sent.wanted() == 3);
  CHECK(one.worker->current() == one.current);
  for (task* const each : one.after) CHECK((each->waiting() && each->handed_out()));
  one.crew.keeps_time = false;  // or they are taken back from a worker that takes a millisecond
  one.go_on();
  REQUIRE(one.crew.until_ends(3));
  CHECK(one.worker->stage == process_stage::idle);
  for (const auto& end : one.crew.ends) CHECK(end.answer.header.kind == wp::frame_kind::result);
  CHECK(one.crew.started_tasks() == 2);  // the first one was begun by who sent it
}

TEST_CASE("what was sent ahead is taken back, and the task before it stays where it was sent") {
  stopped_worker one(2);
  crew_news todo;
  one.crew.staff.take_back_all(todo);
  CHECK(one.worker->sent.wanted() == 1);
  CHECK(one.worker->current() == one.current);
  CHECK(todo.freed);
  for (task* const each : one.after) {
    CHECK((each->waiting() && !each->handed_out()));
    CHECK(one.crew.staff.unfinished().take() == each);
    each->drop_reference();
  }
  one.go_on();
  REQUIRE(one.crew.until_ends(1));
  CHECK(one.crew.ends[0].one == one.current);
  auto& next = one.crew.send(plus, 20, 3);
  REQUIRE(one.crew.until_ends(2));
  CHECK(one.crew.ends[1].one == &next);
  CHECK(one.crew.staff.list()[0].completed == 2);
}

TEST_CASE("a task that was taken for running and had not begun waits again, and is not counted as started") {
  stopped_worker one;
  task& first = one.crew.wait(plus, 1, 2);
  REQUIRE(first.hand_out());
  one.crew.give(*one.worker, first);  // nothing is before it, so it is taken for what runs
  CHECK(first.state().phase() == wp::detail::task_phase::running);
  CHECK(one.crew.started_tasks() == 1);
  one.send_ahead(one.crew.wait(plus, 3, 4));
  crew_news todo;
  one.crew.staff.take_back_all(todo);
  CHECK(one.crew.started_tasks() == 0);
  CHECK(one.worker->stage == process_stage::idle);
  for (task* const each : {&first, one.after[0]}) {
    CHECK((each->waiting() && !each->handed_out()));
    CHECK(one.crew.staff.unfinished().take() == each);
    each->drop_reference();
  }
  one.go_on();
  auto& next = one.crew.send(plus, 20, 3);
  REQUIRE(one.crew.until_ends(1));
  CHECK(one.crew.ends[0].one == &next);
}

TEST_CASE("a worker that has said all and dies takes one task along, whatever it claims to have begun") {
  stopped_worker one(3, wp::channel_kind::socket);  // of rings it is not known that they are read to their end
  static_cast<void>(one.worker->mark().begin(1'000'000, 0));
  REQUIRE(::kill(one.worker->pid, SIGKILL) == 0);
  REQUIRE(one.crew.until_exits(1));
  REQUIRE(one.crew.ends.size() == 1);
  CHECK(one.crew.ends[0].one == one.current);
  for (task* const each : one.after) {
    CHECK((each->waiting() && !each->handed_out()));
    CHECK(one.crew.staff.unfinished().take() == each);
    each->drop_reference();
  }
}

TEST_CASE("who waits for those that hold a worker does not wait for those that have taken one since") {
  stopped_worker one;
  one.worker->hold_number = 7;
  CHECK(one.worker->held);
  CHECK(one.crew.staff.any_held(7));
  CHECK_FALSE(one.crew.staff.any_held(6));
  one.crew.give(*one.worker, one.crew.make(plus, 1, 2));
  CHECK_FALSE(one.crew.staff.any_held(7));
  one.go_on();
  REQUIRE(one.crew.until_ends(1));
}

TEST_CASE("a single task is not taken back from a worker that is about to begin it") {
  stopped_worker one(0);
  crew_news todo;
  one.crew.staff.take_back_all(todo);
  CHECK(one.worker->current() == one.current);
  one.go_on();
  REQUIRE(one.crew.until_ends(1));
}

TEST_CASE("a task that is recalled from a worker that has not come to it waits, and is nobody's") {
  stopped_worker one(2);
  crew_news todo;
  one.crew.staff.recall(*one.after[1], todo);
  CHECK((one.after[1]->waiting() && !one.after[1]->handed_out()));
  CHECK(one.crew.staff.unfinished().remove(*one.after[1]));
  one.after[1]->drop_reference();
  one.go_on();
}

TEST_CASE("less urgent tasks make way for one that waits, more urgent ones do not") {
  stopped_worker one(1);
  crew_news todo;
  one.crew.staff.make_way_for(wp::priority::low, todo);
  CHECK(one.worker->sent.wanted() == 2);
  one.crew.staff.make_way_for(wp::priority::high, todo);
  CHECK(one.worker->sent.wanted() == 1);
  one.go_on();
}

TEST_CASE("a task that waits and is put back to a pool that ends is withdrawn, not ended") {
  crew_of_processes crew(quiet_crew("ends", 1));
  task& one = crew.wait(plus, 1, 2);
  crew.staff.stop();
  crew_news todo;
  crew.staff.put_back(one, std::nullopt, todo);
  CHECK(todo.ends.empty());
  REQUIRE(todo.withdrawn.size() == 1);
  CHECK(todo.withdrawn[0] == std::pair(&one, wp::outcome::discarded));
  crew.collect(todo);
}
