#include <workpool/pool/process_staff.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <set>
#include <workpool/core/outcome.hpp>
#include <workpool/monitor/pool_stats.hpp>

#include "support/crew_of_processes.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace workpool_test;
using wp::worker_state;

namespace {

wp::fork_pool_options many(wp::worker_range workers) {
  wp::fork_pool_options options;
  options.name = "staff";
  options.workers = workers;
  options.output = wp::child_output::discard;
  return options;
}

bool all_of_generation(const crew_of_processes& crew, std::uint32_t generation) {
  const auto all = crew.staff.list();
  return std::all_of(all.begin(), all.end(), [&](const wp::worker_info& one) {
    return one.generation == generation && one.state == worker_state::idle;
  });
}

}  // namespace

TEST_CASE("a crew that may grow from now on is looked at again: who submitted until then has not rung for more") {
  crew_of_processes crew(many(1));
  REQUIRE(crew.until([&] { return !crew.staff.may_grow() && !crew.is_rung(); }));
  crew.staff.set_range({1, 2});
  wp::detail::crew_news todo;
  crew.staff.staff(wp::steady::now(), false, todo);
  CHECK(crew.staff.may_grow());
  CHECK(crew.is_rung());
}

TEST_CASE("a worker is told of as busy when it is to have a task, not while somebody looks whether there is one") {
  crew_of_processes crew(many(1));
  auto* const one = crew.staff.roster().take_idle();
  REQUIRE(one != nullptr);
  CHECK(crew.info().state == worker_state::idle);
  CHECK(crew.count(worker_state::idle) == 1);
  auto& task = crew.make(plus, 1, 2);
  one->coming.one = &task;
  CHECK(crew.info().state == worker_state::busy);
  CHECK(crew.count(worker_state::busy) == 1);
  one->coming = {};
  one->held = false;
  wp::detail::crew_news todo;
  crew.staff.make_idle(*one, wp::steady::now(), todo);
  task.drop_reference();
}

TEST_CASE("a worker that dies is replaced in its slot, and nobody else is") {
  crew_of_processes crew(many(2));
  const int other = crew.info(1).pid;
  ::kill(crew.info(0).pid, SIGKILL);
  REQUIRE(crew.until_exits(1));
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 2; }));
  CHECK(crew.info(0).generation == 2);
  CHECK(crew.info(1).generation == 1);
  CHECK(crew.info(1).pid == other);
  CHECK(crew.exited[0].worker == 0);
}

TEST_CASE("a reload replaces every worker, no more than max_unavailable at a time") {
  wp::fork_pool_options options = many(4);
  options.max_unavailable = 2;
  crew_of_processes crew(options);
  crew.staff.renew_all();
  std::size_t fewest = 4;
  REQUIRE(crew.until([&] {
    fewest = std::min(fewest, crew.count(worker_state::idle));
    return all_of_generation(crew, 2);
  }));
  CHECK(fewest >= 2);
  REQUIRE(crew.until_exits(4));
  for (const auto& one : crew.exited) CHECK(one.planned);
  CHECK(crew.started.size() == 8);
}

TEST_CASE("a worker that is to be replaced ends its task first") {
  crew_of_processes crew(many(1));
  auto& one = crew.send(until_asked_to_stop, 5);
  CHECK(crew.staff.renew(0));
  CHECK_FALSE(crew.staff.renew(1));
  wp::detail::crew_news todo;
  crew.staff.staff(wp::steady::now(), false, todo);
  CHECK(crew.info().state == worker_state::busy);
  crew.staff.cancel_running(wp::steady::now() + 1h, todo);  // it stops by itself
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].answer.payload == encoded(5));
  REQUIRE(crew.until([&] { return all_of_generation(crew, 2); }));
}

TEST_CASE("a worker that was to be replaced and dies before that is replaced once") {
  crew_of_processes crew(many(1));
  crew.send(wait_for_ever);
  REQUIRE(crew.staff.renew(0));
  ::kill(crew.info().pid, SIGKILL);
  REQUIRE(crew.until_exits(1));
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  wp::detail::crew_news todo;
  crew.staff.staff(wp::steady::now(), false, todo);
  CHECK(crew.staff.roster().idle() == 1);
  CHECK(crew.info().generation == 2);
}

TEST_CASE("workers are added one by one while work waits, and leave again when they have been idle for long") {
  wp::fork_pool_options options = many({1, 3});
  options.idle_timeout = 30ms;
  crew_of_processes crew(options);
  CHECK(crew.staff.list().size() == 1);
  crew.send(until_asked_to_stop, 1);
  crew.work_waits = true;
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  CHECK(crew.staff.list().size() == 2);
  CHECK(crew.staff.may_grow());
  crew.send(until_asked_to_stop, 2);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  CHECK(crew.staff.list().size() == 3);
  CHECK_FALSE(crew.staff.may_grow());
  crew.work_waits = false;
  wp::detail::crew_news todo;
  crew.staff.cancel_running(wp::steady::now() + 1h, todo);
  REQUIRE(crew.until_exits(2));
  REQUIRE(crew.until_ends(2));
  CHECK(crew.staff.list().size() == 1);
  for (const auto& one : crew.exited) CHECK(one.planned);
}

TEST_CASE("a crew that is made smaller loses workers when they have ended their tasks, and a larger one gets some") {
  crew_of_processes crew(many(3));
  for (int n = 0; n < 3; ++n) crew.send(until_asked_to_stop, n);
  crew.staff.set_range(1);
  wp::detail::crew_news todo;
  crew.staff.staff(wp::steady::now(), false, todo);
  CHECK(crew.exited.empty());
  crew.staff.cancel_running(wp::steady::now() + 1h, todo);
  REQUIRE(crew.until_exits(2));
  REQUIRE(crew.until_ends(3));
  for (const auto& end : crew.ends) CHECK(end.answer.header.kind == wp::frame_kind::result);
  CHECK(crew.staff.list().size() == 1);
  crew.staff.set_range(4);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 4; }));
}

TEST_CASE("a worker that has had max_tasks is replaced before the next one") {
  wp::fork_pool_options options = many(1);
  options.max_tasks = 2;
  crew_of_processes crew(options);
  std::set<int> pids;
  for (std::size_t n = 1; n <= 6; ++n) {
    crew.send(worker_pid);
    REQUIRE(crew.until_ends(n));
    wp::byte_reader in(crew.ends.back().answer.payload);
    pids.insert(wp::decode<int>(in));
  }
  CHECK(pids.size() == 3);
}

TEST_CASE("the books say who works, how many were started, have left and were replaced") {
  crew_of_processes crew(many(2));
  crew.send(wait_for_ever);
  wp::pool_stats now;
  crew.staff.write_to(now);
  CHECK(now.workers == 2);
  CHECK(now.workers_by_state[static_cast<std::size_t>(worker_state::busy)] == 1);
  CHECK(now.workers_by_state[static_cast<std::size_t>(worker_state::idle)] == 1);
  CHECK((now.workers_started == 2 && now.workers_exited == 0 && now.restarts == 0));
  const auto all = crew.staff.list();
  const auto busy = std::find_if(all.begin(), all.end(), [](const auto& one) { return one.in_flight == 1; });
  REQUIRE(busy != all.end());
  CHECK(busy->current == 1);
  ::kill(busy->pid, SIGKILL);
  REQUIRE(crew.until_exits(1));
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 2; }));
  crew.staff.write_to(now = {});
  CHECK((now.workers_started == 3 && now.workers_exited == 1 && now.restarts == 1));
}

TEST_CASE("a crew has stopped when it is to and its last process is gone") {
  crew_of_processes crew(many(1));
  CHECK_FALSE(crew.staff.has_stopped());
  crew.staff.stop();
  CHECK_FALSE(crew.staff.has_stopped());
  REQUIRE(crew.until([&] { return crew.staff.has_stopped(); }));
  CHECK(crew.exited.size() == 1);
  CHECK(crew.staff.list().empty());
}
