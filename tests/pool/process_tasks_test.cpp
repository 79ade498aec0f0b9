#include <workpool/pool/process_tasks.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <workpool/core/outcome.hpp>

#include "support/crew_of_processes.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace workpool_test;
using wp::outcome;
using wp::detail::crew_news;

namespace {

wp::fork_pool_options many(std::size_t workers) { return quiet_crew("tasks", workers); }

}  // namespace

TEST_CASE("tasks that were sent to nobody come back in their order, and one of them can be stopped") {
  crew_of_processes crew(many(1));
  auto& first = crew.make(plus, 1, 1);
  auto& second = crew.make(plus, 2, 2);
  auto& third = crew.make(plus, 3, 3);
  for (auto* const one : {&first, &second, &third}) crew.staff.unfinished().add(*one);
  crew_news todo;
  CHECK(crew.staff.stop_held(second, todo));
  REQUIRE(todo.ends.size() == 1);
  CHECK(todo.ends[0].one == &second);
  CHECK(todo.ends[0].result == outcome::cancelled);
  CHECK_FALSE(todo.ends[0].may_follow);
  crew.collect(todo);
  for (auto* const expected : {&first, &third}) {
    auto* const got = crew.staff.unfinished().take();
    CHECK(got == expected);
    got->drop_reference();
  }
  CHECK(crew.staff.unfinished().take() == nullptr);
}

TEST_CASE("a task that runs and is stopped ends at once, its worker is asked to leave and has a successor") {
  crew_of_processes crew(many(1));
  auto& one = crew.send(wait_for_ever);
  const int pid = crew.info().pid;
  crew_news todo;
  REQUIRE(crew.staff.stop_held(one, todo));
  REQUIRE(todo.ends.size() == 1);
  CHECK(todo.ends[0].one == &one);
  CHECK(todo.ends[0].result == outcome::cancelled);
  crew.collect(todo);
  CHECK(crew.info().generation == 2);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  REQUIRE(crew.until_exits(1));
  CHECK(crew.exited[0].report.pid == pid);
  CHECK(crew.exited[0].generation == 1);
}

TEST_CASE("a task that is just being sent is stopped by who sends it") {
  crew_of_processes crew(many(1));
  auto& one = crew.make(plus, 1, 2);
  auto* const to = crew.staff.roster().take_idle();
  REQUIRE(to != nullptr);
  to->coming.one = &one;
  crew_news todo;
  CHECK(crew.staff.stop_held(one, todo));
  CHECK(todo.ends.empty());
  CHECK(to->coming.rest == wp::outcome::cancelled);
  to->coming = {};
  to->held = false;
  crew.staff.make_idle(*to, wp::steady::now(), todo);
  one.drop_reference();
}

TEST_CASE("a task that is nowhere here is not stopped") {
  crew_of_processes crew(many(1));
  auto& one = crew.make(plus, 1, 2);
  crew_news todo;
  CHECK_FALSE(crew.staff.stop_held(one, todo));
  CHECK(todo.ends.empty());
  one.drop_reference();
}

TEST_CASE("what runs at a cancel may end by itself within its grace, and ends as cancelled after it") {
  wp::fork_pool_options options = many(2);
  options.abort_grace = 1h;
  crew_of_processes crew(options);
  auto& good = crew.send(until_asked_to_stop, 7);
  auto& bad = crew.send(wait_stubbornly);
  auto& waiting = crew.make(plus, 1, 2);
  crew.staff.unfinished().add(waiting);
  const wp::time_point now = wp::steady::now();
  crew_news todo;
  crew.staff.cancel_running(now, todo);
  crew.collect(todo);
  REQUIRE(crew.until_ends(2));
  CHECK(crew.ends[0].one == &waiting);
  CHECK(crew.ends[0].result == outcome::cancelled);
  CHECK(crew.ends[1].one == &good);
  CHECK(crew.ends[1].answer.payload == encoded(7));
  crew_news later;
  crew.staff.keep_time(now + 1h, later);
  REQUIRE(later.ends.size() == 1);
  CHECK(later.ends[0].one == &bad);
  CHECK(later.ends[0].result == outcome::cancelled);
  CHECK_FALSE(later.ends[0].may_follow);
  crew_news last;
  crew.staff.keep_time(now + 4h, last);  // it is told
  crew.staff.keep_time(now + 8h, last);  // and killed
  for (auto* const news : {&later, &last}) crew.collect(*news);
}
