#include <workpool/pool/basic_fork_pool.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <mutex>
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
#include "support/refusals.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::in_short;
using workpool_test::loss_of;
using workpool_test::shared_numbers;
using wp::frame_header;
using wp::frame_kind;

namespace {

int own_number() { return ::getpid(); }
[[noreturn]] void hang() {
  for (;;) ::pause();
}

/// Stays, with its number in the row, until the test lets it go.
int stay(shared_numbers numbers) {
  auto& row = numbers.row();
  row[0] = ::getpid();
  while (row[1] == 0) ::usleep(500);
  return ::getpid();
}

void write_and_hang(const std::string& bytes) {
  workpool_test::write_to_host(bytes);
  hang();
}
void write_and_leave(const std::string& bytes) {
  workpool_test::write_to_host(bytes);
  ::_exit(4);
}
/// A frame about this task, changed by these amounts.
void misreport(frame_kind kind, std::uint64_t task_off, std::uint32_t attempt_off, std::uint32_t generation_off) {
  workpool_test::write_frame({.task = wp::detail::innermost_run->running->id() + task_off,
                              .attempt = 1 + attempt_off,
                              .generation = 1 + generation_off,
                              .kind = kind},
                             "1234");
  hang();
}
/// Answers in the name of another task.
void answer_for(wp::task_id other) {
  workpool_test::write_frame({.task = other, .attempt = 1, .generation = 1, .kind = frame_kind::result}, "1234");
  hang();
}
/// Claims so many bytes, and sends four.
void claim(std::uint64_t length, int then) {
  workpool_test::write_frame({.length = length,
                              .task = wp::detail::innermost_run->running->id(),
                              .attempt = 1,
                              .generation = 1,
                              .kind = frame_kind::result},
                             "1234");
  if (then != 0) ::_exit(then);
  hang();
}
/// A whole frame that is no int.
int answer_with_less() {
  workpool_test::write_frame(
      {.task = wp::detail::innermost_run->running->id(), .attempt = 1, .generation = 1, .kind = frame_kind::result},
      "12");
  for (;;) ::pause();
}
/// Two answers in one write, of which one is asked for.
int answer_twice() {
  const wp::task_id own = wp::detail::innermost_run->running->id();
  const frame_header header{.length = 4, .task = own, .attempt = 1, .generation = 1, .kind = frame_kind::result};
  const std::string once = std::string(reinterpret_cast<const char*>(&header), sizeof header) +
                           std::string(reinterpret_cast<const char*>(&own), 4);
  workpool_test::write_to_host(once + once);
  for (;;) ::pause();
}
/// A process that writes into this worker's channel when the test says so.
void leave_a_writer(shared_numbers numbers, const std::string& bytes) {
  if (::fork() != 0) return;
  auto& row = numbers.row();
  while (row[0] == 0) ::usleep(500);
  workpool_test::write_to_host(bytes);
  hang();
}
void close_channel() {
  ::close(workpool_test::own_channel());
  hang();
}
void shut_channel(int how) {
  ::shutdown(workpool_test::own_channel(), how);
  hang();
}

void close_and_leave(int code) {
  ::close(workpool_test::own_channel());
  ::_exit(code);
}

/// Of all threads of the host.
std::chrono::nanoseconds processor_time() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}
std::size_t host_memory() {
  std::ifstream file("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

/// So many lines of 64 bytes.
void flood(int stream, std::size_t lines) {
  std::string many;
  for (int n = 0; n < 64; ++n) many += std::string(63, 'x') + "\n";
  for (std::size_t n = 0; n < lines; n += 64) {
    for (std::string_view left = many; !left.empty();) {
      const ssize_t written = ::write(stream, left.data(), left.size());
      if (written <= 0) ::_exit(9);
      left.remove_prefix(static_cast<std::size_t>(written));
    }
  }
}
void say(const std::string& words) {
  if (::write(1, words.data(), words.size()) < 0) ::_exit(9);
}
void say_and_die(const std::string& words) {
  say(words);
  ::_exit(4);
}

/// Puts something else in the place of the host's standard output.
class other_output {
 public:
  explicit other_output(int instead) : before_((std::fflush(stdout), ::dup(1))) { ::dup2(instead, 1); }
  other_output(const other_output&) = delete;
  other_output& operator=(const other_output&) = delete;
  ~other_output() {
    std::fflush(stdout);
    ::dup2(before_, 1);
    ::close(before_);
  }

 private:
  int before_;
};

constexpr wp::restart_options impatient{.max_restarts = 2, .backoff = {.initial = 1ms, .factor = 1}};

}  // namespace

TEST_CASE("what is not the protocol kills the worker that wrote it and nobody else", "[fork_pool][faults]") {
  workpool_test::shared_numbers_side numbers;
  wp::fork_pool pool(2);
  auto untouched = pool.submit(stay, numbers.handle());
  const auto sibling = static_cast<int>(numbers.await(0));
  const auto expect = [&](wp::future<void> one, const std::string& words) {
    INFO(words);
    const auto lost = loss_of(std::move(one));
    CHECK(lost.report().why == wp::crash_report::cause::protocol);
    CHECK(lost.report().signal == SIGKILL);
    CHECK_THAT(lost.what(), Catch::Matchers::Contains(words));
    CHECK(lost.report().pid != sibling);
    CHECK(eventually([&] { return !workpool_test::runs(lost.report().pid); }));
  };
  expect(pool.submit(write_and_hang, std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")), "magic number");
  expect(pool.submit(write_and_hang, std::string(100'000, '\0')), "magic number");
  expect(pool.submit(misreport, frame_kind{99}, 0, 0, 0), "kind 99");
  expect(pool.submit(claim, std::uint64_t{1} << 62, 0), "4611686018427387904 bytes");
  CHECK(untouched.outcome() == std::nullopt);
  numbers.set(1, 1);
  CHECK(untouched.get() == sibling);
  CHECK(pool.stats().worker_lost == 4);
}

TEST_CASE("an answer that is not of this task, attempt and generation settles nothing", "[fork_pool][faults]") {
  struct lie {
    frame_kind kind;
    std::uint64_t task;
    std::uint32_t attempt, generation;
  };
  for (const lie& one : {lie{frame_kind::result, 1000, 0, 0},
                         {frame_kind::error, 1000, 0, 0},
                         {frame_kind::result, 0, 1, 0},
                         {frame_kind::result, 0, 0, 1},
                         {frame_kind::hello, 0, 0, 0},
                         {frame_kind::task, 0, 0, 0},
                         {frame_kind::quit, 0, 0, 0}}) {
    INFO(static_cast<int>(one.kind) << " " << one.task << " " << one.attempt << " " << one.generation);
    wp::fork_pool pool(1);
    const auto lost = loss_of(pool.submit(misreport, one.kind, one.task, one.attempt, one.generation));
    CHECK(lost.report().why == wp::crash_report::cause::protocol);
    CHECK_THAT(lost.what(), Catch::Matchers::Contains("which it does not have"));
    CHECK_NOTHROW(pool.submit(own_number).get());
  }
  workpool_test::shared_numbers_side numbers;
  wp::fork_pool pool(2);
  auto other = pool.submit(stay, numbers.handle());
  const auto sibling = static_cast<int>(numbers.await(0));
  const auto lost = loss_of(pool.submit(answer_for, other.id()));
  CHECK(lost.report().why == wp::crash_report::cause::protocol);
  CHECK_FALSE(other.ready());
  numbers.set(1, 1);
  CHECK(other.get() == sibling);
}

TEST_CASE("an answer that comes twice counts once, and its worker is killed for the second one",
          "[fork_pool][faults]") {
  workpool_test::told<wp::event::worker_exited> ends;
  wp::fork_pool pool(1);
  pool.on_event<wp::event::worker_exited>(ends.ear());
  auto one = pool.submit(answer_twice);
  const auto id = one.id();
  CHECK(one.get() == static_cast<int>(id));
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.why == wp::crash_report::cause::protocol);
  CHECK(all[0].report.task_id == 0);
  CHECK(pool.submit(own_number).get() != all[0].report.pid);
  CHECK(pool.stats().completed == 2);
  CHECK(pool.stats().worker_lost == 0);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("an idle worker that says what is not the protocol is killed, and its place is taken",
          "[fork_pool][faults]") {
  workpool_test::told<wp::event::worker_exited> ends;
  wp::fork_pool pool(1);
  pool.on_event<wp::event::worker_exited>(ends.ear());
  const frame_header answer{.length = 0, .task = 1, .attempt = 1, .generation = 2, .kind = frame_kind::result};
  const std::vector<std::string> lies{std::string(100, '?'),
                                      std::string(reinterpret_cast<const char*>(&answer), sizeof answer)};
  for (std::size_t n = 0; n < lies.size(); ++n) {
    workpool_test::shared_numbers_side numbers;
    const int worker = pool.submit(own_number).get();
    CHECK_NOTHROW(pool.submit(leave_a_writer, numbers.handle(), lies[n]).get());
    numbers.set(0, 1);
    const auto all = ends.await(n + 1);
    REQUIRE(all.size() == n + 1);
    CHECK(all[n].report.pid == worker);
    CHECK(all[n].report.why == wp::crash_report::cause::protocol);
    CHECK(all[n].report.task_id == 0);
    CHECK_FALSE(all[n].planned);
    CHECK(pool.submit(own_number).get() != worker);
  }
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("a closed channel is the end of its worker, a cut frame is only lost with it", "[fork_pool][faults]") {
  wp::fork_pool pool(1);
  const auto closed = loss_of(pool.submit(close_channel));
  CHECK(closed.report().why == wp::crash_report::cause::protocol);
  CHECK_THAT(closed.what(), Catch::Matchers::Contains("closed its channel"));
  CHECK(loss_of(pool.submit(shut_channel, SHUT_WR)).report().why == wp::crash_report::cause::protocol);
  CHECK(loss_of(pool.submit(shut_channel, SHUT_RDWR)).report().why == wp::crash_report::cause::protocol);
  CHECK(in_short(loss_of(pool.submit(write_and_leave, std::string("PW"))).report()) == "exit 4");
}

TEST_CASE("the host sleeps while workers that closed their channels have their grace", "[fork_pool][faults]") {
  wp::fork_pool pool(5);
  std::vector<wp::future<void>> closing;
  const auto before = processor_time();
  for (int n = 0; n < 2; ++n) closing.push_back(pool.submit(close_channel));
  closing.push_back(pool.submit(shut_channel, SHUT_WR));
  closing.push_back(pool.submit(shut_channel, SHUT_RDWR));
  closing.push_back(pool.submit(close_and_leave, 4));
  std::vector<std::string> ends;
  for (auto& one : closing) ends.push_back(in_short(loss_of(std::move(one)).report()));
  CHECK(processor_time() - before < 100ms);  // of a second at least
  CHECK(ends == std::vector<std::string>{"protocol 9", "protocol 9", "protocol 9", "protocol 9", "exit 4"});
}

TEST_CASE("an answer that cannot be decoded fails its task and nothing else", "[fork_pool][faults]") {
  wp::fork_pool pool(1);
  auto unreadable = pool.submit(answer_with_less);
  CHECK_THROWS_AS(unreadable.get(), wp::codec_error);
  CHECK(pool.stats().failed == 1);
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("nothing is allocated for bytes that are only claimed", "[fork_pool][faults]") {
  wp::fork_pool pool({.workers = 1, .max_message = std::size_t{1} << 40});
  const std::size_t before = host_memory();
  CHECK(in_short(loss_of(pool.submit(claim, std::uint64_t{1} << 39, 4)).report()) == "exit 4");
  CHECK(loss_of(pool.submit(claim, (std::uint64_t{1} << 41), 0)).report().why == wp::crash_report::cause::protocol);
  CHECK(host_memory() < before + (std::size_t{32} << 20));
}

TEST_CASE("a worker that floods its output costs the host no memory", "[fork_pool][faults]") {
  constexpr std::size_t lines = 1024 * 1024;  // 64 MiB
  static std::atomic<std::size_t> captured{0}, longest{0};
  captured = longest = 0;
  const auto count = [](wp::worker_id, int, std::string_view line) {
    captured += line.size() + 1;
    longest = std::max(longest.load(), line.size());
  };
  const std::size_t before = host_memory();
  {
    wp::fork_pool discards({.workers = 2, .output = wp::child_output::discard});
    auto one = discards.submit(flood, 1, lines), other = discards.submit(flood, 2, lines);
    CHECK_NOTHROW((one.get(), other.get()));
  }
  {
    wp::fork_pool captures({.workers = 2, .output = wp::child_output::capture, .on_output = count});
    auto one = captures.submit(flood, 1, lines), other = captures.submit(flood, 2, lines);
    CHECK_NOTHROW((one.get(), other.get()));
  }
  CHECK(captured == 2 * 64 * lines);
  CHECK(longest == 63);
  {
    const workpool::detail::unique_fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const other_output quiet(nowhere.get());
    wp::fork_pool forwards(2);
    auto one = forwards.submit(flood, 1, lines), other = forwards.submit(flood, 1, lines);
    CHECK_NOTHROW((one.get(), other.get()));
  }
  CHECK(host_memory() < before + (std::size_t{32} << 20));
}

TEST_CASE("a worker whose output nobody reads waits, and the others do not", "[fork_pool][faults]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const std::size_t before = host_memory(), lines = 64 * 1024;
  std::size_t seen = 0;
  {
    const other_output slow(ends[1]);
    ::close(ends[1]);
    wp::fork_pool pool(2);
    auto blocked = pool.submit(flood, 1, lines);
    for (int n = 0; n < 200; ++n) CHECK_NOTHROW(pool.submit(own_number).get());
    CHECK_FALSE(blocked.ready());
    CHECK(host_memory() < before + (std::size_t{32} << 20));
    std::vector<char> part(1 << 16);
    while (seen < 64 * lines) {
      const ssize_t size = ::read(ends[0], part.data(), part.size());
      if (size <= 0) break;
      seen += static_cast<std::size_t>(size);
    }
    CHECK_NOTHROW(blocked.get());
  }
  CHECK(seen == 64 * lines);
  ::close(ends[0]);
}

TEST_CASE("output is captured line by line, long lines in parts, and the last words without a newline",
          "[fork_pool][faults]") {
  std::mutex mutex;
  std::vector<std::string> seen;
  {
    wp::fork_pool pool({.workers = 1,
                        .output = wp::child_output::capture,
                        .on_output = [&](wp::worker_id worker, int fd, std::string_view line) {
                          const std::lock_guard hold(mutex);
                          seen.push_back(std::to_string(worker) + "/" + std::to_string(fd) + ":" +
                                         (line.size() < 100 ? std::string(line) : std::to_string(line.size())));
                          if (line == "throw") throw std::runtime_error("by the handler");
                        }});
    pool.submit(say, std::string("one\nthrow\n\nhalf")).get();
    pool.submit(say, std::string(" of it\n")).get();
    pool.submit(say, std::string(100'000, 'y') + "\n").get();
    loss_of(pool.submit(say_and_die, std::string("last words")));
    CHECK(eventually([&] {
      const std::lock_guard hold(mutex);
      return !seen.empty() && seen.back() == "0/1:last words";
    }));
    CHECK(pool.stats().callback_errors == 1);
  }
  CHECK(seen == std::vector<std::string>{"0/1:one", "0/1:throw", "0/1:", "0/1:half of it", "0/1:65536", "0/1:34464",
                                         "0/1:last words"});
}

TEST_CASE("tasks of a fork pool never run in the host, so that caller_runs is refused", "[fork_pool][faults]") {
  workpool_test::check_refused([] { wp::fork_pool pool({.queue = {.on_full = wp::on_full::caller_runs}}); },
                               "queue.on_full", "caller_runs");
}

// The asan preset's check of virtual calls asks a pipe what memory can be read, and would fail here for want of one.
#ifndef __SANITIZE_ADDRESS__

namespace {

/// No descriptor can be opened while it lives.
class no_descriptors {
 public:
  no_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  no_descriptors(const no_descriptors&) = delete;
  no_descriptors& operator=(const no_descriptors&) = delete;
  ~no_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("without descriptors running workers go on, and there are as many as before when there are some again",
          "[fork_pool][faults]") {
  const auto before = workpool_test::open_descriptors();
  {
    workpool_test::shared_numbers_side numbers;
    workpool_test::told<wp::event::worker_exited> ends;
    wp::fork_pool pool(
        {.workers = 2, .restart = {.max_restarts = 1'000'000, .backoff = {.initial = 5ms, .factor = 1}}});
    pool.on_event<wp::event::worker_exited>(ends.ear());
    CHECK_NOTHROW(pool.submit(own_number).get());
    const auto open = workpool_test::open_descriptors();
    {
      const no_descriptors none;
      ::kill(pool.workers()[0].pid, SIGKILL);
      CHECK(ends.await(1).size() == 1);
      for (int n = 0; n < 50; ++n) CHECK_NOTHROW(pool.submit(own_number).get());
      CHECK(in_short(loss_of(pool.submit(write_and_leave, std::string())).report()) == "exit 4");
      CHECK_FALSE(pool.submit(own_number).wait_for(50ms) == std::future_status::ready);
      CHECK_THROWS_WITH(wp::fork_pool(1), Catch::Matchers::Contains("Too many open files"));
    }
    CHECK(eventually([&] { return pool.stats().workers == 2 && pool.workers()[0].pid != 0; }));
    for (int n = 0; n < 50; ++n) CHECK_NOTHROW(pool.submit(own_number).get());
    CHECK(eventually([&] { return workpool_test::open_descriptors().size() == open.size(); }));
  }
  CHECK(workpool_test::open_descriptors() == before);
}

TEST_CASE("a pool that broke for want of descriptors serves again when there are some", "[fork_pool][faults]") {
  workpool_test::told<wp::event::worker_failed> failed;
  wp::fork_pool pool({.workers = 1, .restart = impatient, .breaker = wp::circuit_breaker_options{.open_for = 50ms}});
  pool.on_event<wp::event::worker_failed>(failed.ear());
  {
    const no_descriptors none;
    ::kill(pool.workers()[0].pid, SIGKILL);
    CHECK(failed.await(1).size() == 1);
    CHECK(eventually([&] { return pool.try_submit(own_number).error() == wp::errc::pool_broken; }));
    const auto until = std::chrono::steady_clock::now() + 300ms;  // for probes, which fail
    while (std::chrono::steady_clock::now() < until) {
      if (pool.try_submit(own_number).error() != wp::errc::pool_broken) FAIL("a worker was started");
    }
  }
  CHECK(eventually([&] { return pool.try_submit(own_number).error() == wp::errc(); }));
}

#endif
