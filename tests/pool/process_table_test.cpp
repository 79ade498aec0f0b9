#include <workpool/pool/process_table.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>
#include <vector>
#include <workpool/core/outcome.hpp>

#include "support/crew_of_processes.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace workpool_test;
using wp::outcome;
using wp::worker_state;
using wp::detail::crew_news;
using wp::detail::process_stage;

namespace {

wp::fork_pool_options many(std::size_t workers) { return quiet_crew("table", workers); }

}  // namespace

TEST_CASE("the workers that there always are have answered when a crew has begun, and are idle") {
  crew_of_processes crew(many(3));
  REQUIRE(crew.begun());
  CHECK_FALSE(crew.problem.has_value());
  CHECK(crew.count(worker_state::idle) == 3);
  CHECK(crew.staff.roster().idle() == 3);
  CHECK(crew.started.size() == 3);
}

TEST_CASE("who was idle for the shortest time is taken first, and one that is taken is nobody else's") {
  crew_of_processes crew(many(3));
  REQUIRE_FALSE(crew.problem);
  std::vector<crew_of_processes::worker*> all;
  while (auto* const one = crew.staff.roster().take_idle()) {
    CHECK(one->stage == process_stage::taken);
    all.push_back(one);
  }
  REQUIRE(all.size() == 3);
  CHECK(crew.staff.roster().idle() == 0);
  crew_news todo;
  for (auto* const one : {all[1], all[2], all[0]}) {
    one->held = false;
    crew.staff.make_idle(*one, wp::steady::now(), todo);
  }
  CHECK(todo.freed);
  CHECK(crew.staff.roster().take_idle() == all[0]);
  CHECK(crew.staff.roster().take_idle() == all[2]);
  CHECK(crew.staff.roster().take_idle(all[1]->id) == all[1]);
  CHECK(crew.staff.roster().take_idle(all[1]->id) == nullptr);
  CHECK(crew.staff.roster().take_idle(17) == nullptr);
  for (auto* const one : all) {
    one->held = false;
    crew.staff.make_idle(*one, wp::steady::now(), todo);
  }
}

TEST_CASE("after a stop every worker leaves, and nobody follows") {
  wp::fork_pool_options patient = many(2);
  patient.abort_grace = 1h;
  crew_of_processes crew(patient);
  crew.staff.stop();
  REQUIRE(crew.until([&] { return crew.staff.is_empty(); }));
  CHECK(crew.exited.size() == 2);
  for (const auto& one : crew.exited) {
    CHECK(one.planned);
    CHECK(one.report.signal == 0);
  }
  CHECK(crew.started.size() == 2);
  CHECK_FALSE(crew.staff.may_grow());
}
