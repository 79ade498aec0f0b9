#include <workpool/pool/process_endings.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>

#include "support/crew_of_processes.hpp"
#include "support/eventually.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace workpool_test;
using Catch::Matchers::ContainsSubstring;
using wp::outcome;
using cause = wp::crash_report::cause;

namespace {

wp::fork_pool_options one_worker() {
  wp::fork_pool_options options;
  options.name = "endings";
  options.workers = 1;
  options.output = wp::child_output::discard;
  return options;
}

int parent_of(int pid) {
  int parent = 0;
  if (std::FILE* const file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "re")) {
    if (std::fscanf(file, "%*d (%*[^)]) %*c %d", &parent) != 1) parent = 0;
    std::fclose(file);
  }
  return parent;
}

bool stands_still(int pid) {
  char state = 0;
  if (std::FILE* const file = std::fopen(("/proc/" + std::to_string(pid) + "/stat").c_str(), "re")) {
    if (std::fscanf(file, "%*d (%*[^)]) %c", &state) != 1) state = 0;
    std::fclose(file);
  }
  return state == 'T';
}

}  // namespace

TEST_CASE("a task that kills its worker is lost, with a report, and its worker replaced at once") {
  crew_of_processes crew(one_worker());
  const int pid = crew.info().pid;
  auto& one = crew.make(die_of, SIGFPE);
  one.details().name = "divide";
  crew.give(*crew.staff.roster().take_idle(), one);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].result == outcome::worker_lost);
  CHECK(crew.ends[0].may_follow);
  const wp::crash_report report = report_of(crew.ends[0]);
  CHECK(report.why == cause::signal);
  CHECK(report.signal == SIGFPE);
  CHECK(report.pid == pid);
  CHECK(report.task_id == one.id());
  CHECK(report.task_name == "divide");
  CHECK(report.attempt == 1);
  CHECK(report.max_rss > 0);
  CHECK_THAT(text_of(crew.ends[0].error), ContainsSubstring("'divide' was lost") && ContainsSubstring("SIGFPE"));
  REQUIRE(crew.exited.size() == 1);
  CHECK_FALSE(crew.exited[0].planned);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  CHECK(crew.info().generation == 2);
}

TEST_CASE("a task that leaves its process is lost with the exit code, also with 0") {
  for (const int code : {3, 0}) {
    crew_of_processes crew(one_worker());
    crew.send(leave_with, code);
    REQUIRE(crew.until_ends(1));
    const wp::crash_report report = report_of(crew.ends[0]);
    CHECK(report.why == cause::exit);
    CHECK(report.exit_code == code);
    CHECK(report.signal == 0);
  }
}

TEST_CASE("what a worker wrote to its standard error before it died is in the report") {
  crew_of_processes crew(one_worker());
  crew.send(speak_and_abort, std::string("out of ink\n"));
  REQUIRE(crew.until_ends(1));
  CHECK_THAT(report_of(crew.ends[0]).stderr_tail, ContainsSubstring("out of ink"));
  CHECK_THAT(text_of(crew.ends[0].error), ContainsSubstring("it said: out of ink"));
}

TEST_CASE("the death of an idle worker costs no task, and its place is taken") {
  crew_of_processes crew(one_worker());
  ::kill(crew.info().pid, SIGKILL);
  REQUIRE(crew.until_exits(1));
  CHECK(crew.ends.empty());
  CHECK(crew.exited[0].report.signal == SIGKILL);
  CHECK_FALSE(crew.exited[0].planned);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  CHECK(crew.info().generation == 2);
}

TEST_CASE("however often workers die idle that have worked before, their slot does not fail") {
  auto options = one_worker();
  options.restart = {.max_restarts = 2};
  crew_of_processes crew(options);
  for (std::uint32_t generation = 1; generation <= 8; ++generation) {
    REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
    REQUIRE(crew.info().generation == generation);
    crew.send(plus, 1, 2);
    REQUIRE(crew.until_ends(generation));
    ::kill(crew.info().pid, SIGKILL);
    REQUIRE(crew.until_exits(generation));
  }
  CHECK(crew.failed.empty());
}

TEST_CASE("a task that its worker has not begun is another one's, once") {
  for (const auto channel : {wp::channel_kind::socket, wp::channel_kind::rings}) {
    auto options = one_worker();
    options.channel = channel;
    crew_of_processes crew(options);
    auto& one = crew.make(plus, 1, 2);
    for (std::uint32_t death = 1; death <= 2; ++death) {
      REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
      const int pid = crew.info().pid;
      ::kill(pid, SIGSTOP);
      REQUIRE(eventually([&] { return stands_still(pid); }));
      crew.give(*crew.staff.roster().take_idle(), one);
      ::kill(pid, SIGKILL);
      REQUIRE(crew.until_exits(death));
      CHECK(crew.staff.unfinished().any() == (death == 1));
      if (death == 1) CHECK(crew.staff.unfinished().take() == &one);
    }
    REQUIRE(crew.ends.size() == 1);
    CHECK(crew.ends[0].one == &one);
    CHECK(crew.ends[0].result == outcome::worker_lost);
  }
}

TEST_CASE("a task whose worker died before it began is run by the next one") {
  auto options = one_worker();
  options.channel = wp::channel_kind::rings;
  crew_of_processes crew(options);
  auto& one = crew.make(plus, 1, 2);
  const int pid = crew.info().pid;
  ::kill(pid, SIGSTOP);
  REQUIRE(eventually([&] { return stands_still(pid); }));
  crew.give(*crew.staff.roster().take_idle(), one);
  ::kill(pid, SIGKILL);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  REQUIRE(crew.staff.unfinished().take() == &one);
  crew.give(*crew.staff.roster().take_idle(), one);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].answer.payload == encoded(3));
  CHECK(crew.failed.empty());
}

TEST_CASE("a key whose tasks have killed so many workers is held, and they are not run again") {
  wp::fork_pool_options options = one_worker();
  options.quarantine.kills = 2;
  crew_of_processes crew(options);
  for (const bool last : {false, true}) {
    CHECK_FALSE(crew.staff.holds(5, wp::steady::now()));
    auto& one = crew.make(die_of, SIGKILL);
    one.details().key = 5;
    REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
    crew.give(*crew.staff.roster().take_idle(), one);
    REQUIRE(crew.until_ends(last ? 2 : 1));
    CHECK(crew.ends.back().may_follow == !last);
  }
  CHECK(crew.staff.holds(5, wp::steady::now()));
  CHECK_FALSE(crew.staff.holds(6, wp::steady::now()));
  CHECK_FALSE(crew.staff.holds(5, wp::steady::now() + 61s));
}

TEST_CASE("with the process that starts workers all are lost, and there are others with another one") {
  wp::fork_pool_options options = one_worker();
  options.workers = 2;
  crew_of_processes crew(options);
  crew.send(wait_for_ever);
  const int zygote = parent_of(crew.info().pid);
  REQUIRE(zygote > 1);
  REQUIRE(zygote != ::getpid());
  ::kill(zygote, SIGKILL);
  REQUIRE(crew.until_exits(2));
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].result == outcome::worker_lost);
  for (const auto& one : crew.exited) CHECK(one.report.why == cause::parent_gone);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 2; }));
  CHECK(parent_of(crew.info().pid) != zygote);
  crew.send(plus, 1, 2);
  REQUIRE(crew.until_ends(2));
  CHECK(crew.ends[1].answer.payload == encoded(3));
}

TEST_CASE("a crew that cannot start its first worker says which one, and why") {
  wp::fork_pool_options options = one_worker();
  options.program = {"/nonexistent/worker"};
  crew_of_processes crew(options);
  REQUIRE(crew.problem.has_value());
  CHECK(crew.problem->first == wp::errc::spawn_failed);
  CHECK_THAT(crew.problem->second, ContainsSubstring("worker 0 of pool 'endings' (/nonexistent/worker)") &&
                                       ContainsSubstring("No such file"));
}

TEST_CASE("a program that ends without a greeting is none, and its exit is told with what to look at") {
  wp::fork_pool_options options = one_worker();
  options.program = {"/bin/false"};
  crew_of_processes crew(options);
  REQUIRE(crew.problem.has_value());
  CHECK(crew.problem->first == wp::errc::spawn_failed);
  CHECK_THAT(crew.problem->second,
             ContainsSubstring("left with exit code 1") && ContainsSubstring("is worker_entry the first line"));
}
