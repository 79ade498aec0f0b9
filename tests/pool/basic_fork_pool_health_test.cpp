#include <workpool/pool/basic_fork_pool.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/config.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/lost_worker.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::in_short;
using workpool_test::loss_of;
using workpool_test::runs;
using workpool_test::shared_numbers;
using exited = wp::event::worker_exited;

namespace {

constexpr bool sanitized = WORKPOOL_UNDER_ASAN || WORKPOOL_UNDER_TSAN;  // they need memory and time of their own

int own_number() { return ::getpid(); }

[[noreturn]] void hang(shared_numbers numbers) {
  numbers.set(0, ::getpid());
  for (;;) ::pause();
}
void stop_oneself(shared_numbers numbers) {
  numbers.set(0, ::getpid());
  ::raise(SIGSTOP);
}
[[noreturn]] void ignore_sigterm(shared_numbers numbers) {
  ::signal(SIGTERM, SIG_IGN);
  hang(std::move(numbers));
}

/// Resident memory that stays.
void take_memory(std::size_t bytes) {
  static std::vector<char> kept;
  kept.assign(bytes, 'x');
}
void take_memory_and_hang(std::size_t bytes) {
  take_memory(bytes);
  for (;;) ::pause();
}

int open_files_until(int error) {
  int count = 0;
  for (; ::open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0; ++count) {
  }
  return errno == error ? count : -1;
}
[[noreturn]] void use_the_processor() {
  std::atomic<std::uint64_t> turns{0};
  for (;;) turns.fetch_add(1);
}

void beat_and_fall_silent(int beats) {
  for (int n = 0; n < beats; ++n) {
    wp::this_worker::heartbeat();
    ::usleep(10'000);
  }
  for (;;) ::pause();
}
int beat_all_the_time(int beats) {
  for (int n = 0; n < beats; ++n) {
    wp::this_worker::heartbeat();
    ::usleep(20'000);
  }
  return beats;
}
void be_quiet_for(int milliseconds) { ::usleep(static_cast<unsigned>(1000 * milliseconds)); }

/// Whether this thread of ours waits for something.
bool sleeps(int thread) {
  std::ifstream file("/proc/self/task/" + std::to_string(thread) + "/stat");
  std::string text;
  std::getline(file, text);
  return text.find(") S ") != text.npos;
}

/// Looks into the numbers of the test, and counts there.
void start_if_allowed(wp::worker_id) {
  auto& row = workpool_test::row_of_the_test();
  ++row[1];
  if (row[0] != 0) ::_exit(static_cast<int>(row[0]));
}

wp::fork_pool_options fragile_pool(const workpool_test::shared_numbers_side& numbers, std::size_t workers) {
  return {.workers = workers,
          .env = {{workpool_test::numbers_variable, numbers.handle().path}},
          .restart = {.max_restarts = 2, .backoff = {.initial = 1ms, .factor = 1}},
          .breaker = wp::circuit_breaker_options{.open_for = 300ms},
          .on_start = start_if_allowed};
}

}  // namespace

TEST_CASE("the successor of a worker that does not end by itself does not wait for that end", "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 1, .abort_grace = 1h});
  pool.on_event<exited>(ends.ear());
  auto late = pool.submit({.timeout = 100ms}, hang, numbers.handle());
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  const int stuck = static_cast<int>(numbers.await(0));
  REQUIRE(stuck != 0);
  CHECK(pool.submit(own_number).get() != stuck);
  CHECK(runs(stuck));
  CHECK(ends.now().empty());
  ::kill(stuck, SIGKILL);
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.pid == stuck);
  CHECK(all[0].report.why == wp::crash_report::cause::timeout);
}

TEST_CASE("a worker that does not end by itself is asked, told and killed", "[fork_pool][health]") {
  struct stubborn {
    stubborn(void (*body)(shared_numbers), int ends_by) : signal(ends_by) {
      pool.on_event<exited>(ends.ear());
      begin = std::chrono::steady_clock::now();
      late = pool.submit({.timeout = 100ms}, body, numbers.handle());
    }
    const int signal;
    workpool_test::shared_numbers_side numbers;
    workpool_test::told<exited> ends;
    wp::fork_pool pool{{.workers = 1, .abort_grace = 2s, .kill_timeout = 500ms}};  // 2 s to become what it is to be
    std::chrono::steady_clock::time_point begin;
    wp::future<void> late;
  };
  stubborn hangs(hang, SIGTERM), stops(stop_oneself, SIGKILL), ignores(ignore_sigterm, SIGKILL);
  for (stubborn* const one : {&hangs, &stops, &ignores}) {
    INFO("ends by signal " << one->signal);
    CHECK_THROWS_AS(one->late.get(), wp::task_timeout);
    const auto all = one->ends.await(1);
    const auto took = std::chrono::steady_clock::now() - one->begin;
    REQUIRE(all.size() == 1);
    CHECK(all[0].report.pid == one->numbers[0]);
    CHECK(all[0].report.signal == one->signal);
    CHECK(all[0].report.why == wp::crash_report::cause::timeout);
    CHECK_FALSE(all[0].planned);
    CHECK(took > (one->signal == SIGTERM ? 2100ms : 2600ms));
    CHECK(one->pool.stats().timed_out == 1);
    CHECK(one->pool.stats().worker_lost == 0);
  }
}

TEST_CASE("cancelling a task that hangs settles it at once and ends its worker", "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 1, .abort_grace = 10ms, .kill_timeout = 50ms});
  pool.on_event<exited>(ends.ear());
  auto one = pool.submit(ignore_sigterm, numbers.handle());
  const int stuck = static_cast<int>(numbers.await(0));
  CHECK(one.cancel() == wp::cancel_result::stop_requested);
  CHECK(one.ready());
  CHECK_THROWS_AS(one.get(), wp::task_cancelled);
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.pid == stuck);
  CHECK(all[0].report.signal == SIGKILL);
  CHECK(all[0].report.task_id == 0);
}

TEST_CASE("a task that was stopped and goes on after its timeout changes nothing", "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  wp::fork_pool pool({.workers = 1, .abort_grace = 10s, .kill_timeout = 10s});
  auto late = pool.submit({.timeout = 50ms}, stop_oneself, numbers.handle());
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  const int stopped = static_cast<int>(numbers.await(0));
  REQUIRE(eventually([&] { return workpool_test::is_stopped(stopped); }));
  ::kill(stopped, SIGCONT);
  CHECK(eventually([&] { return pool.stats().late_results == 1; }));
  CHECK(eventually([&] { return pool.stats().workers_exited == 1; }));  // it was asked to leave meanwhile
  CHECK(pool.stats().timed_out == 1);
  CHECK(pool.stats().completed == 0);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("a worker above hard_memory is killed with that reason", "[fork_pool][health]") {
  wp::fork_pool pool({.workers = 1, .hard_memory = (sanitized ? 1000U : 100U) << 20});
  const auto lost = loss_of(pool.submit(take_memory_and_hang, std::size_t{sanitized ? 1200U : 200U} << 20));
  CHECK(lost.report().why == wp::crash_report::cause::memory);
  CHECK(lost.report().signal == SIGKILL);
  CHECK(lost.report().max_rss > std::size_t{100} << 20);
  CHECK_THAT(lost.what(), Catch::Matchers::Contains("hard_memory"));
  CHECK_NOTHROW(pool.submit(own_number).get());
}

TEST_CASE("a worker above soft_memory is replaced between two tasks and nobody is charged", "[fork_pool][health]") {
  workpool_test::told<exited> ends;
  workpool_test::told<wp::event::worker_failed> failed;
  wp::fork_pool pool({.workers = 1,
                      .soft_memory = (sanitized ? 600U : 60U) << 20,
                      .abort_grace = 10s,
                      .restart = {.max_restarts = 1}});
  pool.on_event<exited>(ends.ear());
  pool.on_event<wp::event::worker_failed>(failed.ear());
  std::set<int> workers;
  for (std::size_t round = 1; round <= 4; ++round) {
    workers.insert(pool.submit(own_number).get());
    CHECK_NOTHROW(pool.submit(take_memory, std::size_t{sanitized ? 700U : 70U} << 20).get());
    CHECK(ends.await(round).size() == round);
  }
  CHECK(workers.size() == 4);
  for (const exited& one : ends.now()) {
    CHECK(one.planned);
    CHECK(in_short(one.report) == "exit 0");
  }
  CHECK(failed.now().empty());
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("resource limits are the workers' and not the host's", "[fork_pool][health]") {
  if (sanitized) return;
  rlimit before{}, after{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  wp::fork_pool pool(
      {.workers = 1, .limits = {.address_space = std::size_t{1} << 30, .open_files = 40, .cpu_seconds = 1}});
  ::getrlimit(RLIMIT_NOFILE, &after);
  CHECK(before.rlim_cur == after.rlim_cur);
  try {
    pool.submit(take_memory, std::size_t{2} << 30).get();
    FAIL("more memory than there is");
  } catch (const wp::remote_error& thrown) {
    CHECK(thrown.type() == "std::bad_alloc");
  }
  const int opened = pool.submit(open_files_until, EMFILE).get();
  CHECK(opened > 30);
  CHECK(opened < 40);
  CHECK(in_short(loss_of(pool.submit(use_the_processor)).report()) == "signal " + std::to_string(SIGXCPU));
}

TEST_CASE("a task that has promised heartbeats and sends none is lost, one that never did is not",
          "[fork_pool][health]") {
  {
    wp::fork_pool pool({.workers = 1, .health = {.timeout = 100ms}});
    CHECK_NOTHROW(pool.submit(be_quiet_for, 500).get());
    CHECK(pool.stats().workers_exited == 0);
  }
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 1, .abort_grace = 10ms, .kill_timeout = 1s, .health = {.timeout = 2s}});
  pool.on_event<exited>(ends.ear());
  CHECK(pool.submit(beat_all_the_time, 125).get() == 125);
  CHECK_NOTHROW(pool.submit(be_quiet_for, 2500).get());  // the promise was that of the task before
  CHECK(ends.now().empty());
  const auto lost = loss_of(pool.submit(beat_and_fall_silent, 3));
  CHECK(lost.report().why == wp::crash_report::cause::unresponsive);
  CHECK_THAT(lost.what(), Catch::Matchers::Contains("heartbeat"));
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.pid == lost.report().pid);
  CHECK(all[0].report.signal == SIGTERM);
}

TEST_CASE("an idle worker that no longer answers is killed and replaced", "[fork_pool][health]") {
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 1, .health = {.every = 20ms, .timeout = 2s, .strikes = 2}});
  pool.on_event<exited>(ends.ear());
  for (int n = 0; n < 20; ++n) CHECK_NOTHROW(pool.submit(be_quiet_for, 10).get());
  const int worker = pool.workers()[0].pid;
  ::kill(worker, SIGSTOP);
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.pid == worker);
  CHECK(all[0].report.why == wp::crash_report::cause::unresponsive);
  CHECK(all[0].report.signal == SIGKILL);
  CHECK(pool.submit(own_number).get() != worker);
}

TEST_CASE("a pool whose workers cannot live is not made, and the reason is told", "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  numbers.set(0, 5);
  const auto descriptors = workpool_test::open_descriptors();
  try {
    wp::fork_pool pool(fragile_pool(numbers, 2));
    FAIL("it was made");
  } catch (const wp::spawn_failed& failed) {
    CHECK_THAT(failed.what(), Catch::Matchers::Contains("left with exit code 5"));
  }
  CHECK(workpool_test::open_descriptors() == descriptors);
  CHECK(numbers[1] >= 1);
}

TEST_CASE("when the last slot has failed everybody is told pool_broken, and one probe finds out when that is over",
          "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  workpool_test::told<wp::event::worker_failed> failed;
  std::atomic<std::int64_t> starts_so_far{0};
  wp::fork_pool pool(fragile_pool(numbers, 2));
  pool.on_event<wp::event::worker_failed>([&](const wp::event::worker_failed&) { starts_so_far = numbers[1]; });
  pool.on_event<wp::event::worker_failed>(failed.ear());
  CHECK(numbers[1] == 2);
  pool.pause();
  std::vector<wp::future<int>> waiting;
  for (int n = 0; n < 3; ++n) waiting.push_back(pool.submit(own_number));
  numbers.set(0, 5);
  for (const auto& one : pool.workers()) ::kill(one.pid, SIGKILL);
  CHECK(failed.await(2).size() == 2);
  for (auto& one : waiting) CHECK_THROWS_AS(one.get(), wp::pool_broken);
  pool.resume();
  CHECK_THROWS_AS(pool.submit(own_number), wp::pool_broken);
  CHECK(pool.try_submit(own_number).error() == wp::errc::pool_broken);
  const std::uint64_t rejected = pool.stats().rejected;
  CHECK_THROWS_AS(pool.submit_bulk(1000, [](std::size_t) {}), wp::pool_broken);
  CHECK(pool.stats().rejected == rejected + 1000);
  CHECK_THROWS_AS(pool.post_after(1h, own_number), wp::pool_broken);
  const auto begin = std::chrono::steady_clock::now();
  const auto starts = numbers[1];
  CHECK(starts_so_far <= 2 + 2 * 2);  // each slot has two restarts; by now there may be a probe
  CHECK(eventually([&] { return numbers[1] >= starts + 4; }));
  CHECK(std::chrono::steady_clock::now() - begin >= 3 * 300ms);  // one at a time, after open_for each
  CHECK_THROWS_AS(pool.submit(own_number), wp::pool_broken);
  numbers.set(0, 0);
  CHECK(eventually([&] { return pool.try_submit(own_number).error() == wp::errc(); }));
  CHECK_NOTHROW(pool.submit(own_number).get());
  CHECK(eventually([&] { return pool.stats().workers == 2; }));
  CHECK(pool.stats().pool_broken == 3);
  pool.wait_idle();
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("who waits for room while the pool breaks is told so", "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  auto options = fragile_pool(numbers, 1);
  options.queue = {.capacity = 1, .on_full = wp::on_full::block};
  options.breaker = wp::circuit_breaker_options{.open_for = 5s};
  wp::fork_pool pool(options);
  pool.pause();
  auto first = pool.submit(own_number);
  std::atomic<int> producer{0}, told{0};
  std::thread blocked([&] {
    producer = static_cast<int>(::syscall(SYS_gettid));
    try {
      auto one = pool.submit(own_number);
      if (one.wait_for(3s) == std::future_status::ready) one.get();
    } catch (const wp::pool_broken&) {
      told = 1;
    }
  });
  REQUIRE(eventually([&] { return producer != 0 && sleeps(producer); }));
  numbers.set(0, 5);
  ::kill(pool.workers()[0].pid, SIGKILL);
  CHECK_THROWS_AS(first.get(), wp::pool_broken);
  blocked.join();
  CHECK(told == 1);
  numbers.set(0, 0);  // what was forgotten can run
}

TEST_CASE("one slot that has failed leaves the work to the others", "[fork_pool][health]") {
  workpool_test::shared_numbers_side numbers;
  workpool_test::told<wp::event::worker_failed> failed;
  wp::fork_pool pool(fragile_pool(numbers, 2));
  pool.on_event<wp::event::worker_failed>(failed.ear());
  numbers.set(0, 5);
  ::kill(pool.workers()[1].pid, SIGKILL);
  const auto all = failed.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].worker == 1);
  for (int n = 0; n < 20; ++n) CHECK_NOTHROW(pool.submit(own_number).get());
  CHECK(pool.stats().pool_broken == 0);
}
