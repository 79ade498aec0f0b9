#include <workpool/pool/process_clock.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <csignal>
#include <cstddef>
#include <string>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/detail/posix/poll_one.hpp>
#include <workpool/detail/posix/process_memory.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/worker/process_worker.hpp>

#include "support/crew_of_processes.hpp"
#include "support/eventually.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace workpool_test;
using Catch::Matchers::ContainsSubstring;
using wp::outcome;
using wp::worker_state;
using wp::detail::crew_news;
using cause = wp::crash_report::cause;
using stage = wp::detail::process_stage;

namespace {

constexpr wp::time_point never = wp::time_point::max();

wp::fork_pool_options one_worker() {
  wp::fork_pool_options options;
  options.name = "clock";
  options.workers = 1;
  options.output = wp::child_output::discard;
  options.abort_grace = options.kill_timeout = 10ms;
  return options;
}

/// Whether there is something from this worker that nobody has taken in.
bool has_spoken(const crew_of_processes::worker& one) {
  if (one.line->in_shared_memory()) return one.line->has_arrived();
  return wp::detail::poll_one(one.line->wait_handle(), wp::detail::poll_for::reading, wp::time_point::min());
}

/// Sends a task that has so long.
template <class F>
wp::detail::task& send_with_timeout(crew_of_processes& crew, wp::duration timeout, F&& what) {
  auto& one = crew.make(std::forward<F>(what));
  one.details().timeout = timeout;
  crew.give(*crew.staff.roster().take_idle(), one);
  return one;
}

}  // namespace

TEST_CASE("nothing has to be done at any time while workers are idle and nobody asks after them") {
  crew_of_processes crew(one_worker());
  CHECK(crew.staff.next_moment(wp::steady::now()) == wp::time_point::max());
  crew_news todo;
  crew.staff.keep_time(wp::steady::now() + 1000h, todo);
  CHECK(todo.ends.empty());
  CHECK(crew.staff.roster().idle() == 1);
}

TEST_CASE("a task whose time is over ends at once, and its worker by the signal it was told with") {
  wp::fork_pool_options options = one_worker();
  options.kill_timeout = 20s;
  crew_of_processes crew(options);
  auto& one = send_with_timeout(crew, 1h, wait_for_ever);
  crew_news todo;
  const wp::time_point due = crew.staff.next_moment(wp::steady::now());
  CHECK(due > wp::steady::now() + 59min);
  crew.staff.keep_time(due - 1ns, todo);
  CHECK(todo.ends.empty());
  crew.staff.keep_time(due, todo);
  REQUIRE(todo.ends.size() == 1);
  CHECK(todo.ends[0].one == &one);
  CHECK(todo.ends[0].result == outcome::timed_out);
  CHECK(todo.ends[0].may_follow);
  crew.collect(todo);
  crew_news told;
  crew.staff.keep_time(due + 10ms, told);
  crew.collect(told);
  REQUIRE(crew.until_exits(1));
  CHECK(crew.exited[0].report.why == cause::timeout);
  CHECK(crew.exited[0].report.signal == SIGTERM);
}

TEST_CASE("a worker that does not hear what it is told is killed after its graces") {
  crew_of_processes crew(one_worker());
  auto& one = crew.make([] {
    std::signal(SIGTERM, SIG_IGN);
    fall_silent();
  });
  one.details().timeout = 300ms;
  crew.give(*crew.staff.roster().take_idle(), one);
  REQUIRE(crew.until_exits(1));
  CHECK(crew.ends.at(0).result == outcome::timed_out);
  CHECK((crew.exited[0].report.signal == SIGKILL || crew.exited[0].report.signal == SIGTERM));
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
}

TEST_CASE("a task that has promised heartbeats and sends none is lost as unresponsive") {
  wp::fork_pool_options options = one_worker();
  options.health.timeout = 50ms;
  crew_of_processes crew(options);
  auto& one = crew.send(fall_silent);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].result == outcome::worker_lost);
  CHECK(report_of(crew.ends[0]).why == cause::unresponsive);
  CHECK_THAT(text_of(crew.ends[0].error), ContainsSubstring("no heartbeat within health.timeout"));
  REQUIRE(crew.until_exits(1));
}

TEST_CASE("a task that never promised a heartbeat may be silent") {
  wp::fork_pool_options options = one_worker();
  options.health.timeout = 1ns;
  crew_of_processes crew(options);
  auto& one = crew.send(wait_for_ever);
  CHECK(crew.staff.next_moment(wp::steady::now()) == wp::time_point::max());
  crew_news todo;
  REQUIRE(crew.staff.stop_held(one, todo));  // nothing else would end it
  crew.collect(todo);
  REQUIRE(crew.until_exits(1));
}

TEST_CASE("an idle worker that leaves so many questions unanswered is unhealthy, and then killed and replaced") {
  wp::fork_pool_options options = one_worker();
  options.health = {.every = 20ms, .timeout = 20ms, .strikes = 3};
  crew_of_processes crew(options);
  const int pid = crew.info().pid;
  ::kill(pid, SIGSTOP);
  bool unhealthy = false;
  REQUIRE(crew.until([&] {
    unhealthy = unhealthy || crew.info().state == worker_state::unhealthy;
    return crew.exited.size() == 1;
  }));
  CHECK(unhealthy);
  CHECK(crew.exited[0].report.pid == pid);
  CHECK(crew.exited[0].report.why == cause::unresponsive);
  CHECK(crew.exited[0].report.signal == SIGKILL);
  CHECK_FALSE(crew.exited[0].planned);
}

TEST_CASE("who spoke while nobody could listen is not taken for silent or late") {
  wp::fork_pool_options options = one_worker();
  options.workers = 2;
  options.health = {.every = 10ms, .timeout = 1h, .strikes = 1};
  crew_of_processes crew(options);
  const auto workers = crew.staff.open_lines();
  crew.staff.close_lines();
  REQUIRE(workers.size() == 2);
  auto& beating = crew.send(beat_until_asked_to_stop, 7);
  const bool first_beats = workers[0]->current() == &beating;
  auto& beats = *workers[first_beats ? 0 : 1];
  auto& idles = *workers[first_beats ? 1 : 0];
  REQUIRE(crew.until([&] { return beats.next_beat < never; }));
  const auto keep_time = [&](wp::time_point now) {
    crew_news todo;
    crew.staff.keep_time(now, todo);
    crew.collect(todo);
  };
  const wp::time_point asked = wp::steady::now() + 10ms;
  keep_time(asked);
  CHECK(idles.pong_until < never);
  // From here on its handlers take their time, or the host is stopped: an hour, as far as the clock tells.
  REQUIRE(eventually([&] { return wp::steady::now() > asked && has_spoken(beats) && has_spoken(idles); }));
  keep_time(wp::steady::now() + 1h);
  CHECK(crew.ends.empty());
  CHECK(crew.exited.empty());
  REQUIRE(beats.stage == stage::busy);
  REQUIRE(idles.stage == stage::idle);
  REQUIRE_FALSE(idles.unanswered);
  CHECK(crew.staff.roster().idle() == 1);
  REQUIRE(crew.until([&] { return idles.pong_until == never; }));  // there is no other question for an hour
  auto& quick = send_with_timeout(crew, 1h, worker_pid);
  REQUIRE(idles.current() == &quick);
  REQUIRE(eventually([&] { return has_spoken(beats) && has_spoken(idles); }));
  keep_time(idles.deadline);
  REQUIRE(crew.ends.size() == 1);
  CHECK(crew.ends[0].one == &quick);
  CHECK(crew.ends[0].answer.header.kind == wp::frame_kind::result);
  CHECK(beats.stage == stage::busy);
  crew_news todo;
  REQUIRE(crew.staff.stop_held(beating, todo));
  crew.collect(todo);
}

TEST_CASE("an idle worker that answers every question stays") {
  wp::fork_pool_options options = one_worker();
  options.health = {.every = 1ms, .timeout = 20s, .strikes = 1};
  crew_of_processes crew(options);
  const wp::time_point end = wp::steady::now() + 50ms;
  REQUIRE(crew.until([&] { return wp::steady::now() >= end; }));
  CHECK(crew.exited.empty());
  CHECK(crew.info().state == worker_state::idle);
}

TEST_CASE("a worker that takes more memory than hard_memory is killed, and its task lost") {
  constexpr std::size_t step = std::size_t{96} << 20;
  wp::fork_pool_options options = one_worker();
  std::size_t usual = 0;
  {
    const crew_of_processes idle(options);
    usual = wp::detail::resident_memory(idle.info().pid).value_or(0);
  }
  REQUIRE(usual > 0);
  options.hard_memory = usual + step;
  crew_of_processes crew(options);
  const auto now = wp::steady::now();
  CHECK(crew.staff.next_moment(now) <= now + 20ms);
  auto& one = crew.send(grow, 2 * step);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].result == outcome::worker_lost);
  CHECK(report_of(crew.ends[0]).why == cause::memory);
  CHECK_THAT(text_of(crew.ends[0].error), ContainsSubstring("hard_memory"));
}

TEST_CASE("a program that does not greet in time is killed, and the option and the remedy are named") {
  wp::fork_pool_options options = one_worker();
  options.program = {"/bin/sleep", "1000"};
  options.handshake_timeout = 1s;
  crew_of_processes crew(options);
  REQUIRE(crew.problem.has_value());
  CHECK(crew.problem->first == wp::errc::ready_timeout);
  CHECK_THAT(crew.problem->second, ContainsSubstring("handshake_timeout") && ContainsSubstring("worker_entry"));
  REQUIRE(crew.until_exits(1));
  CHECK(crew.exited[0].report.signal == SIGKILL);
}

TEST_CASE("when no worker can live the crew has failed, and after open_for one of them is tried") {
  wp::fork_pool_options options = one_worker();
  options.workers = 2;
  options.restart.max_restarts = 0;
  options.breaker.emplace().open_for = 50ms;
  crew_of_processes crew(options);
  REQUIRE_FALSE(crew.problem);
  for (const auto& one : crew.staff.list()) ::kill(one.pid, SIGKILL);
  REQUIRE(crew.until([&] { return crew.all_failed; }));
  CHECK(crew.failed.size() == 2);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 2; }));
  CHECK(crew.back);
}
