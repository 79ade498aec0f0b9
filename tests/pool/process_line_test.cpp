#include <workpool/pool/process_line.hpp>

#include "support/catch.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>

#include "support/crew_of_processes.hpp"
#include "support/shared_numbers.hpp"
#include "support/worker_tasks.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using namespace workpool_test;
using Catch::Matchers::ContainsSubstring;
using wp::frame_kind;
using wp::outcome;
using cause = wp::crash_report::cause;

namespace {

wp::fork_pool_options one_worker() {
  wp::fork_pool_options options;
  options.name = "line";
  options.workers = 1;
  options.output = wp::child_output::discard;
  options.abort_grace = options.kill_timeout = 10s;
  return options;
}

/// Says it, and goes on with its task.
void insist_on_bytes(const std::string& bytes) {
  say_bytes(bytes);
  wait_for_ever();
}
void insist_on_frame(int kind, wp::task_id task, unsigned generation) {
  say_frame(kind, task, generation);
  wait_for_ever();
}

std::size_t length(const std::string& text) { return text.size(); }
/// A process that ends the reading of this worker when it is told to, and leaves nothing to read.
void leave_one_who_shuts_the_line(shared_numbers numbers) {
  if (::fork() != 0) return;
  auto& row = numbers.row();
  while (row[0] == 0) ::usleep(500);
  for (const int line : stream_sockets()) {
    ::shutdown(line, SHUT_RD);
    for (char part[4096]; ::read(line, part, sizeof part) > 0;) {
    }
  }
  row[1] = 1;
  wait_for_ever();
}

/// Says something it cannot mean, in the middle of a task. Gives: the text of the report.
template <class F, class... A>
std::string killed_for(F&& what, const A&... arguments) {
  crew_of_processes crew(one_worker());
  crew.send(std::forward<F>(what), arguments...);
  REQUIRE(crew.until_exits(1));
  CHECK(crew.exited[0].report.why == cause::protocol);
  CHECK(crew.exited[0].report.signal == SIGKILL);
  CHECK_FALSE(crew.exited[0].planned);
  REQUIRE(crew.until([&] { return crew.staff.roster().idle() == 1; }));
  CHECK(crew.info().generation == 2);
  return crew.exited[0].report.stderr_tail;
}

int kind(frame_kind one) { return static_cast<int>(one); }

}  // namespace

TEST_CASE("an answer ends its task, is counted, and makes its worker idle") {
  crew_of_processes crew(one_worker());
  auto& one = crew.send(plus, 40, 2);
  CHECK(crew.staff.roster().idle() == 0);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].answer.header.kind == frame_kind::result);
  CHECK(crew.ends[0].answer.payload == encoded(42));
  CHECK(crew.ends[0].may_follow);
  CHECK(crew.staff.roster().idle() == 1);
  CHECK(crew.info().completed == 1);
  crew.send(variable, std::string("x"));
  crew.send([] { throw std::runtime_error("no luck"); });
  REQUIRE(crew.until_ends(3));
  CHECK(crew.ends[2].answer.header.kind == frame_kind::error);
  CHECK(crew.info().completed == 2);
  CHECK(crew.info().failed == 1);
}

TEST_CASE("a worker that says what is no frame is killed, and so is one whose frame has no kind there is") {
  CHECK_THAT(killed_for(insist_on_bytes, std::string(64, 'A')), ContainsSubstring("magic"));
  CHECK_THAT(killed_for(insist_on_frame, 77, wp::task_id{1}, 1U), ContainsSubstring("77"));
}

TEST_CASE("a worker that answers for a task it does not have is killed, with the task it has") {
  CHECK_THAT(killed_for(insist_on_frame, kind(frame_kind::result), wp::task_id{999}, 1U),
             ContainsSubstring("task 999"));
  CHECK_THAT(killed_for(insist_on_frame, kind(frame_kind::error), wp::task_id{999}, 1U), ContainsSubstring("task 999"));
  crew_of_processes crew(one_worker());
  auto& one = crew.send(insist_on_frame, kind(frame_kind::result), wp::task_id{999}, 1U);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].result == outcome::worker_lost);
  CHECK(report_of(crew.ends[0]).why == cause::protocol);
}

TEST_CASE("a worker that answers for another generation, greets twice or gives orders is killed") {
  killed_for(insist_on_frame, kind(frame_kind::result), wp::task_id{1}, 2U);
  killed_for(insist_on_frame, kind(frame_kind::hello), wp::task_id{0}, 1U);
  killed_for(insist_on_frame, kind(frame_kind::quit), wp::task_id{0}, 1U);
  killed_for(insist_on_frame, kind(frame_kind::task), wp::task_id{1}, 1U);
}

TEST_CASE("an answer to a question nobody asked, and the heartbeat of another task, change nothing") {
  auto options = one_worker();
  options.channel = wp::channel_kind::socket;  // where what the task says stands before its answer
  crew_of_processes crew(options);
  for (const frame_kind said : {frame_kind::pong, frame_kind::heartbeat}) {
    crew.send(say_frame, kind(said), wp::task_id{999}, 1U);
  }
  REQUIRE(crew.until_ends(2));
  CHECK(crew.ends[1].answer.header.kind == frame_kind::result);
  CHECK(crew.exited.empty());
  CHECK(crew.info().completed == 2);
}

TEST_CASE("a worker that closes its channel and goes on is killed") {
  crew_of_processes crew(one_worker());
  auto& one = crew.send(hang_up_and_wait);
  REQUIRE(crew.until_ends(1));
  CHECK(crew.ends[0].one == &one);
  CHECK(crew.ends[0].result == outcome::worker_lost);
  CHECK(report_of(crew.ends[0]).why == cause::protocol);
  CHECK_THAT(report_of(crew.ends[0]).stderr_tail, ContainsSubstring("closed its channel"));
}

TEST_CASE("channels that were closed wake nobody while their workers have their grace") {
  auto options = one_worker();
  options.workers = 5;
  crew_of_processes crew(options);
  for (int n = 0; n < 4; ++n) crew.send(hang_up_and_wait);
  crew.send(hang_up_and_leave, 3);
  std::size_t looks = 0;
  REQUIRE(crew.until([&] {
    ++looks;
    return crew.ends.size() == 5;
  }));
  CHECK(looks < 200);
  for (const auto& end : crew.ends) CHECK(end.result == outcome::worker_lost);
}

TEST_CASE("a worker that reads no more while a task is being sent to it is killed, and wakes nobody until then") {
  shared_numbers_side numbers;
  auto options = one_worker();
  options.channel = wp::channel_kind::socket;  // through rings nobody sees whether the other side still reads
  crew_of_processes crew(options);
  crew.send(leave_one_who_shuts_the_line, numbers.handle());
  REQUIRE(crew.until_ends(1));
  ::kill(crew.info().pid, SIGSTOP);
  auto& one = crew.send(length, std::string(900'000, 'x'));  // more than a socket takes
  numbers.set(0, 1);
  REQUIRE(numbers.await(1) == 1);
  std::size_t looks = 0;
  REQUIRE(crew.until([&] {
    ++looks;
    return crew.ends.size() == 2;
  }));
  CHECK(looks < 200);
  CHECK(crew.ends[1].one == &one);
  CHECK(crew.ends[1].result == outcome::worker_lost);
  CHECK(report_of(crew.ends[1]).why == cause::protocol);
}

TEST_CASE("a worker that says very much at once is not listened to without a break, and all of it is heard") {
  auto options = one_worker();
  options.channel = wp::channel_kind::socket;  // where what the task says stands before its answer
  crew_of_processes crew(options);
  crew.send([] {
    const wp::frame_header header{.generation = 1, .kind = frame_kind::pong};
    std::string all;
    for (int n = 0; n < 2'000; ++n) all.append(reinterpret_cast<const char*>(&header), sizeof header);
    say_bytes(all);
  });
  std::size_t looks = 0;
  REQUIRE(crew.until([&] {
    ++looks;
    return crew.ends.size() == 1;
  }));
  CHECK(crew.ends[0].answer.header.kind == frame_kind::result);
  CHECK(looks > 4);  // 256 frames at a look, two looks at most at a time
}

TEST_CASE("an answer that comes after its task had its outcome is counted, and settles nothing") {
  crew_of_processes crew(one_worker());
  auto& one = crew.send(until_asked_to_stop, 7);
  wp::detail::crew_news todo;
  REQUIRE(crew.staff.stop_held(one, todo));
  crew.collect(todo);
  REQUIRE(crew.until_exits(1));
  CHECK(crew.staff.take_late_answers() == 1);
  CHECK(crew.staff.take_late_answers() == 0);
  CHECK(crew.ends.size() == 1);
  CHECK(crew.exited[0].report.signal == 0);
}
