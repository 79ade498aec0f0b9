#include <workpool/pool/basic_fork_pool.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <workpool/config.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/lost_worker.hpp"
#include "support/own_channel.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::in_short;
using workpool_test::loss_of;
using workpool_test::runs;
using workpool_test::shared_numbers;

namespace {

constexpr bool sanitized = WORKPOOL_UNDER_ASAN || WORKPOOL_UNDER_TSAN;  // they catch some signals themselves

int own_number() { return ::getpid(); }
void die_of(int signal) { ::raise(signal); }

void call_exit(int code) { std::exit(code); }
void call_quick_exit(int code) { std::quick_exit(code); }
void call_leave(int code) { ::_exit(code); }
void call_terminate(int) { std::terminate(); }
void call_abort(int) { std::abort(); }
[[gnu::noinline]] void throw_number(int number) { throw number; }
void throw_out_of_noexcept(int number) noexcept { throw_number(number); }
void end_the_thread(int) { ::pthread_exit(nullptr); }

/// Uses the whole stack up.
[[gnu::noinline]] unsigned deeper(unsigned depth) {  // NOLINT: recursion
  volatile unsigned room[256];
  room[0] = depth;
  return depth == ~0U ? 0 : deeper(depth + 1) + room[0];
}
void overflow() { ::_exit(deeper(0) != 0 ? 1 : 2); }

void speak_and_abort(const std::string& words) {
  std::fputs(words.c_str(), stderr);
  std::fflush(stderr);
  std::abort();
}

void speak_and_leave(const std::string& words, int code) {
  std::fputs(words.c_str(), stderr);
  ::_exit(code);
}

void wait_for(shared_numbers numbers, std::size_t index) {
  auto& row = numbers.row();
  while (row[index] == 0) ::usleep(500);
}

/// Stays, with its number in the row, until the test lets it go.
int stay(shared_numbers numbers) {
  numbers.set(0, ::getpid());
  wait_for(numbers, 1);
  return ::getpid();
}

/// A process that does not end by itself, and has nobody to wait for it.
void leave_a_process(shared_numbers numbers, std::size_t index) {
  if (::fork() != 0) return;
  numbers.set(index, ::getpid());
  for (;;) ::pause();
}

/// Has a child, one in a session of its own with a child, and an orphan there, and dies when the test says so.
void have_children(shared_numbers numbers, int code) {
  leave_a_process(numbers, 0);
  for (const std::size_t index : {1U, 2U}) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::setsid();
      leave_a_process(numbers, index);
      if (index == 2) ::_exit(0);  // an orphan in a session of its own
      for (;;) ::pause();
    }
  }
  for (const std::size_t index : {0U, 1U, 2U}) wait_for(numbers, index);
  wait_for(numbers, 3);
  ::_exit(code);
}

/// Its child returns, too.
int fork_and_return() {
  ::fork();
  return ::getpid();
}

int fork_and_throw() {
  if (::fork() == 0) throw std::runtime_error("by the child");
  return ::getpid();
}

/// Sends its result itself, as if the process died right after that.
int answer_and_die(std::uint32_t generation, int code) {
  const wp::task_id own = wp::detail::innermost_run->running->id();
  workpool_test::write_frame({.task = own, .attempt = 1, .generation = generation, .kind = wp::frame_kind::result},
                             std::string(reinterpret_cast<const char*>(&own), 4));
  ::_exit(code);
}

}  // namespace

TEST_CASE("every signal that ends a process is told exactly and touches no other task", "[fork_pool][crash]") {
  workpool_test::shared_numbers_side numbers;
  wp::fork_pool pool({.workers = 2});
  auto untouched = pool.submit(stay, numbers.handle());
  const auto sibling = static_cast<int>(numbers.await(0));
  std::vector<int> signals{SIGABRT, SIGTRAP, SIGKILL, SIGTERM, SIGHUP,  SIGINT,  SIGQUIT,   SIGPIPE,     SIGALRM,
                           SIGUSR1, SIGUSR2, SIGXCPU, SIGXFSZ, SIGPROF, SIGPOLL, SIGVTALRM, SIGRTMIN + 1};
  if (!sanitized) signals.insert(signals.end(), {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS});
  for (const int signal : signals) {
    INFO(::strsignal(signal));
    const int worker = pool.submit(own_number).get();
    auto one = pool.submit({.name = "doomed"}, die_of, signal);
    const auto id = one.id();
    const auto lost = loss_of(std::move(one));
    CHECK(in_short(lost.report()) == "signal " + std::to_string(signal));
    CHECK(lost.report().pid == worker);
    CHECK(lost.report().task_id == id);
    CHECK(lost.report().task_name == "doomed");
    CHECK(lost.report().attempt == 1);
    CHECK_THAT(lost.what(), Catch::Matchers::Contains("died of signal " + std::to_string(signal)));
  }
  const wp::pool_stats now = pool.stats();
  CHECK(now.worker_lost == signals.size());
  CHECK(now.running == 1);
  numbers.set(1, 1);
  CHECK(untouched.get() == sibling);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("every way to leave in a task is a lost worker with its exact code", "[fork_pool][crash]") {
  wp::fork_pool pool(1);
  const std::vector<std::pair<void (*)(int), std::string>> ways{
      {call_exit, "exit 3"},
      {call_quick_exit, "exit 3"},
      {call_leave, "exit 3"},
      {call_terminate, "signal " + std::to_string(SIGABRT)},
      {end_the_thread, "exit 1"},
      {call_abort, "signal " + std::to_string(SIGABRT)},
      {throw_out_of_noexcept, "signal " + std::to_string(SIGABRT)}};
  for (const auto& [way, wanted] : ways) {
    INFO(wanted);
    CHECK(in_short(loss_of(pool.submit(way, 3)).report()) == wanted);
    CHECK(pool.submit(own_number).get() != ::getpid());
  }
  for (const auto way : {call_exit, call_quick_exit, call_leave}) {
    const auto lost = loss_of(pool.submit(way, 0));
    CHECK(in_short(lost.report()) == "exit 0");
    CHECK_THAT(lost.what(), Catch::Matchers::Contains("left with exit code 0"));
  }
  CHECK(pool.stats().worker_lost == ways.size() + 3);
}

TEST_CASE("a stack that is used up is told as such", "[fork_pool][crash]") {
  if (sanitized) return;
  wp::fork_pool pool(1);
  const auto lost = loss_of(pool.submit(overflow));
  CHECK(in_short(lost.report()) == "signal " + std::to_string(SIGSEGV));
  CHECK_THAT(lost.report().backtrace, Catch::Matchers::Contains("the stack is used up"));
  CHECK_NOTHROW(pool.submit(own_number).get());
}

TEST_CASE("the report holds the last words of a worker and where it died", "[fork_pool][crash]") {
  wp::fork_pool pool({.workers = 1, .output = wp::child_output::discard});
  const auto lost = loss_of(pool.submit(speak_and_abort, std::string("out of luck\n")));
  CHECK_THAT(lost.report().stderr_tail, Catch::Matchers::Contains("out of luck"));
  CHECK_THAT(lost.what(), Catch::Matchers::Contains("out of luck"));
  if (!sanitized) {  // sanitizers have handlers of their own
    CHECK_THAT(lost.report().backtrace, Catch::Matchers::Contains("SIGABRT") && Catch::Matchers::Contains("#1 "));
  }
  CHECK(lost.report().max_rss > 0);
  const auto much = loss_of(pool.submit(speak_and_abort, std::string(100'000, 'x') + "the end")).report().stderr_tail;
  CHECK(much.size() <= 4096);
  CHECK(much.size() > 4000);
  CHECK_THAT(much, Catch::Matchers::Contains("the end"));
}

TEST_CASE("the last words are kept whatever becomes of the output, unless it is the host's own", "[fork_pool][crash]") {
  for (const auto output :
       {wp::child_output::forward, wp::child_output::capture, wp::child_output::discard, wp::child_output::inherit}) {
    INFO(to_string(output));
    wp::fork_pool pool({.workers = 1, .output = output, .on_output = [](wp::worker_id, int, std::string_view) {}});
    const std::string tail = loss_of(pool.submit(speak_and_leave, std::string("a word\n"), 3)).report().stderr_tail;
    CHECK(tail == (output == wp::child_output::inherit ? "" : "a word\n"));
  }
}

TEST_CASE("what a task has printed is there without a flush, before its worker ends and once only",
          "[fork_pool][crash]") {
  workpool_test::told<std::string> lines;
  wp::fork_pool pool(
      {.workers = 1,
       .output = wp::child_output::capture,
       .on_output = [said = lines.ear()](wp::worker_id, int, std::string_view line) { said(std::string(line)); }});
  pool.submit([] { std::cout << "by a stream\n"; }).get();
  CHECK(lines.await(1) == std::vector<std::string>{"by a stream"});
  pool.submit([] { std::puts("by stdio"); }).get();
  CHECK(lines.await(2).back() == "by stdio");
  CHECK_THROWS_WITH(pool.submit([] {
                          std::puts("and then it throws");
                          throw std::runtime_error("so");
                        })
                        .get(),
                    "so");
  CHECK(lines.await(3).back() == "and then it throws");
  pool.submit([] {
        std::puts("of both");
        if (::fork() == 0) return;  // a copy of what is not written yet ends with the child
      })
      .get();
  CHECK(lines.await(4).back() == "of both");
  pool.shutdown();
  CHECK(lines.await(4).size() == 4);
}

TEST_CASE("what was printed while no task ran is there when the worker leaves", "[fork_pool][crash]") {
  workpool_test::told<std::string> lines;
  wp::fork_pool pool(
      {.workers = 1,
       .output = wp::child_output::capture,
       .on_output = [said = lines.ear()](wp::worker_id, int, std::string_view line) { said(std::string(line)); },
       .on_start = [](wp::worker_id) { std::puts("at the start"); }});
  pool.shutdown();
  CHECK(lines.await(1) == std::vector<std::string>{"at the start"});
}

TEST_CASE("a result that was sent before the death wins over it", "[fork_pool][crash]") {
  workpool_test::told<wp::event::worker_exited> ends;
  wp::fork_pool pool({.workers = 1, .restart = {.max_restarts = 1000, .backoff = {.initial = 1ms, .factor = 1}}});
  pool.on_event<wp::event::worker_exited>(ends.ear());
  for (std::uint32_t round = 1; round <= 20; ++round) {
    REQUIRE(eventually([&] { return pool.workers()[0].generation == round && pool.stats().workers == 1; }));
    auto one = pool.submit(answer_and_die, round, 7);
    const auto id = one.id();
    CHECK(one.get() == static_cast<int>(id));
    const auto all = ends.await(round);
    REQUIRE(all.size() == round);
    CHECK(in_short(all.back().report) == "exit 7");
    CHECK(all.back().report.task_id == 0);
  }
  CHECK(pool.stats().completed == 20);
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("the children of a worker die with it, also in sessions of their own", "[fork_pool][crash]") {
  wp::fork_pool pool(1);
  for (const int signal : {0, SIGKILL}) {
    workpool_test::shared_numbers_side numbers;
    auto one = pool.submit(have_children, numbers.handle(), 5);
    for (const std::size_t index : {0U, 1U, 2U}) REQUIRE(runs(static_cast<int>(numbers.await(index))));
    if (signal == 0) numbers.set(3, 1);
    if (signal != 0) ::kill(pool.workers()[0].pid, signal);
    const auto lost = loss_of(std::move(one));
    CHECK(in_short(lost.report()) == (signal == 0 ? "exit 5" : "signal 9"));
    for (const std::size_t index : {0U, 1U, 2U}) {
      CHECK(eventually([&] { return !runs(static_cast<int>(numbers[index])); }, 1s));
    }
  }
  CHECK_NOTHROW(pool.submit(own_number).get());
}

TEST_CASE("a grandchild that keeps the channel open does not hide its parent's death", "[fork_pool][crash]") {
  wp::fork_pool pool(1);
  workpool_test::shared_numbers_side numbers;
  auto one = pool.submit(
      [](shared_numbers all) {
        if (::fork() == 0) {
          ::setsid();
          all.set(0, ::getpid());
          for (;;) ::pause();  // with every descriptor of the worker
        }
        wait_for(all, 0);
        ::_exit(6);
      },
      numbers.handle());
  REQUIRE(one.wait_for(10s) == std::future_status::ready);
  CHECK(in_short(loss_of(std::move(one)).report()) == "exit 6");
  CHECK(eventually([&] { return !runs(static_cast<int>(numbers[0])); }, 1s));
}

TEST_CASE("a task may fork, and its child never answers for it", "[fork_pool][crash]") {
  wp::fork_pool pool(1);
  const int worker = pool.submit(own_number).get();
  for (int n = 0; n < 20; ++n) {
    CHECK(pool.submit(fork_and_return).get() == worker);
    CHECK(pool.submit(fork_and_throw).get() == worker);
  }
  const wp::pool_stats now = pool.stats();
  CHECK(now.completed == 41);
  CHECK(now.failed == 0);
  CHECK(now.late_results == 0);
  CHECK(now.restarts == 0);
}

TEST_CASE("deaths of running tasks are never charged to the restart budget", "[fork_pool][crash]") {
  workpool_test::told<wp::event::worker_failed> failed;
  wp::fork_pool pool({.workers = 2, .restart = {.max_restarts = 1}});
  pool.on_event<wp::event::worker_failed>(failed.ear());
  for (int n = 0; n < 20; ++n) CHECK(loss_of(pool.submit(call_leave, 1)).report().exit_code == 1);
  CHECK(failed.now().empty());
  CHECK(workpool_test::eventually([&] { return pool.stats().restarts >= 19; }));  // they count when they answer
  CHECK_NOTHROW(pool.submit(own_number).get());
}

TEST_CASE("an idle worker that is killed is replaced, and no task is told", "[fork_pool][crash]") {
  workpool_test::told<wp::event::worker_exited> ends;
  wp::fork_pool pool(2);
  pool.on_event<wp::event::worker_exited>(ends.ear());
  const int idle = pool.workers()[0].pid;
  ::kill(idle, SIGKILL);
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(in_short(all[0].report) == "signal 9");
  CHECK(all[0].report.pid == idle);
  CHECK(all[0].report.task_id == 0);
  CHECK_FALSE(all[0].planned);
  CHECK(eventually([&] { return pool.stats().restarts == 1; }));
  CHECK(pool.workers()[0].generation == 2);
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("a poison task ends with its own attempts, and its key is refused where the pool asks for that",
          "[fork_pool][crash]") {
  wp::fork_pool pool({.workers = 1, .quarantine = {.kills = 3, .window = 1h}});
  const wp::retry_options twice{.max_attempts = 2, .backoff = {.initial = 1ms}};
  CHECK(loss_of(pool.submit({.retry = twice, .key = 7}, call_leave, 1)).report().attempt == 2);
  CHECK(pool.stats().retried == 1);
  const wp::retry_options often{.max_attempts = 100, .backoff = {.initial = 1ms}};
  CHECK(loss_of(pool.submit({.retry = often, .key = 7}, call_leave, 1)).report().attempt == 1);
  CHECK_THROWS_AS(pool.submit({.key = 7}, call_leave, 1), wp::task_quarantined);
  const auto refused = pool.try_submit({.key = 7}, call_leave, 1);
  CHECK(refused.error() == wp::errc::task_quarantined);
  CHECK(pool.stats().rejected == 2);
  CHECK(in_short(loss_of(pool.submit({.key = 8}, call_leave, 1)).report()) == "exit 1");
  CHECK_NOTHROW(pool.submit(own_number).get());
  workpool_test::check_balance(pool.stats());
}
