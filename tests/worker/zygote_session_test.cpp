#include <workpool/worker/zygote_session.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>
#include <workpool/detail/posix/pipe.hpp>

#include "support/eventually.hpp"
#include "support/zygote_talk.hpp"

using namespace workpool::detail;
using workpool_test::eventually;
using workpool_test::next_as;
using workpool_test::next_news;
using workpool_test::obedient_worker;
using workpool_test::open_descriptors;
using workpool_test::read_number;
using workpool_test::readable_within;
using workpool_test::runs;

namespace {

zygote_session new_session() { return zygote_session(zygote_process::by_fork(&obedient_worker)); }

worker_birth worker_that(const std::string& does, int channel = -1) {
  worker_birth birth;
  birth.setup = does;
  birth.channel = channel;
  return birth;
}

worker_ended end_of(zygote_session& session, const worker_birth& birth) {
  session.request(birth);
  const auto born = next_as<worker_born>(session);
  const auto ended = next_as<worker_ended>(session);
  CHECK(ended.pid == born.pid);
  CHECK(ended.request == born.request);
  CHECK(readable_within(born.pidfd.get(), 0));
  return ended;
}

bool no_child_is_left() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

}  // namespace

TEST_CASE("a worker is born, and its pidfd can be read when it has died, not before") {
  auto session = new_session();
  const auto begin = std::chrono::steady_clock::now();
  const auto request = session.request(worker_that("wait"));
  const auto born = next_as<worker_born>(session);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  CHECK(born.request == request);
  CHECK(runs(born.pid));
  CHECK(::getpgid(born.pid) == born.pid);
  CHECK(::fcntl(born.pidfd.get(), F_GETFD) == FD_CLOEXEC);
  CHECK_FALSE(readable_within(born.pidfd.get(), 0));
  CHECK_FALSE(session.next());
  ::kill(born.pid, SIGKILL);
  CHECK(readable_within(born.pidfd.get(), 10'000));
}

TEST_CASE("how a worker ended is told exactly") {
  auto session = new_session();
  for (const int code : {0, 3, 255}) {
    const auto ended = end_of(session, worker_that("exit " + std::to_string(code)));
    CHECK(ended.exit_code == code);
    CHECK(ended.signal == 0);
  }
  for (const int signal : {SIGKILL, SIGTERM, SIGUSR1, SIGRTMAX}) {
    CHECK(end_of(session, worker_that("raise " + std::to_string(signal))).signal == signal);
  }
  auto muted = worker_that("throw");
  const unique_fd nowhere(::open("/dev/null", O_WRONLY | O_CLOEXEC));
  muted.err = nowhere.get();
  CHECK(end_of(session, muted).signal == SIGABRT);
}

TEST_CASE("memory and processor time of a dead worker are told") {
  auto session = new_session();
  const auto ended = end_of(session, worker_that("burn"));
  CHECK(ended.max_rss > std::size_t{60} << 20);
  CHECK(ended.cpu_time > std::chrono::milliseconds(30));
}

TEST_CASE("descriptors, environment, limits and nice arrive, and nothing else is open in the worker") {
  const auto show = [](worker_birth& birth) {
    std::string seen = std::to_string(birth.id) + "." + std::to_string(birth.generation) + " " + birth.setup + " " +
                       ::getenv("WORKPOOL_TEST_WORD") + " nice " + std::to_string(::getpriority(PRIO_PROCESS, 0));
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    seen += " files " + std::to_string(files.rlim_cur);
    std::set<int> expected{0, 1, 2, birth.channel, birth.report};
    seen += open_descriptors() == expected ? " exact" : " inexact";
    workpool_test::write_text(birth.channel, seen);
    workpool_test::write_text(birth.report, "report");
    workpool_test::write_text(1, "out");
    workpool_test::write_text(2, "err");
    return 0;
  };
  zygote_session session(zygote_process::by_fork(show));
  pipe_ends channel = pipe_ends::make(), out = pipe_ends::make(), err = pipe_ends::make(), report = pipe_ends::make();
  worker_birth birth{.id = 4, .generation = 2, .nice = 3};
  birth.env = {{"WORKPOOL_TEST_WORD", "a=b"}};
  birth.limits.open_files = 99;
  birth.channel = channel.writing.get();
  birth.out = out.writing.get();
  birth.err = err.writing.get();
  birth.report = report.writing.get();
  birth.setup = "setup";
  session.request(birth);
  for (pipe_ends* one : {&channel, &out, &err, &report}) one->writing.reset();
  CHECK(workpool_test::read_all(channel.reading.get()) == "4.2 setup a=b nice 3 files 99 exact");
  CHECK(workpool_test::read_all(out.reading.get()) == "out");
  CHECK(workpool_test::read_all(err.reading.get()) == "err");
  CHECK(workpool_test::read_all(report.reading.get()) == "report");
}

TEST_CASE("another program is executed with its words and descriptors") {
  auto session = new_session();
  pipe_ends out = pipe_ends::make();
  worker_birth birth;
  birth.program = {"/bin/sh", "-c", "printf '%s %s' \"$1\" \"$WORKPOOL_ROLE\"; exit 5", "sh", "*;$(x)"};
  birth.out = out.writing.get();
  session.request(birth);
  out.writing.reset();
  CHECK(workpool_test::read_all(out.reading.get()) == "*;$(x) worker");
  next_as<worker_born>(session);
  CHECK(next_as<worker_ended>(session).exit_code == 5);
}

TEST_CASE("a program that is missing or not executable is refused with its errno and its name, and no death is told") {
  auto session = new_session();
  for (const auto& [path, error] : {std::pair{"/nonexistent/program", ENOENT}, {"/etc/passwd", EACCES}}) {
    worker_birth birth;
    birth.program = {path};
    const auto request = session.request(birth);
    const auto refused = next_as<worker_refused>(session);
    CHECK(refused.request == request);
    CHECK(refused.error == error);
    CHECK_THAT(refused.what, Catch::Matchers::ContainsSubstring(path));
  }
  CHECK(end_of(session, worker_that("exit 1")).exit_code == 1);  // and not one of those
}

TEST_CASE("a worker that cannot have what was asked for is refused, naming the step") {
  auto session = new_session();
  auto birth = worker_that("wait");
  birth.env = {{"", "no name"}};
  session.request(birth);
  const auto refused = next_as<worker_refused>(session);
  CHECK(refused.error == EINVAL);
  CHECK(refused.what == "environment");
}

TEST_CASE("a request too long for a packet is refused at once, naming the limit") {
  auto session = new_session();
  CHECK_THROWS_WITH(session.request(worker_that(std::string(200'000, 'x'))),
                    Catch::Matchers::ContainsSubstring("the limit is 131072"));
  CHECK(end_of(session, worker_that("exit 2")).exit_code == 2);
}

TEST_CASE("a signal reaches the worker's group by its pid, and no other worker") {
  auto session = new_session();
  session.request(worker_that("wait"));
  const auto first = next_as<worker_born>(session);
  session.request(worker_that("wait"));
  const auto second = next_as<worker_born>(session);
  session.kill(first.pid, SIGTERM);
  session.kill(::getpid(), SIGKILL);  // nobody of this session
  const auto ended = next_as<worker_ended>(session);
  CHECK(ended.pid == first.pid);
  CHECK(ended.signal == SIGTERM);
  CHECK_FALSE(readable_within(second.pidfd.get(), 0));
}

TEST_CASE("what a dead worker left behind in a session of its own dies with it, and not with another worker") {
  auto session = new_session();
  const pipe_ends first = pipe_ends::make(), second = pipe_ends::make();
  session.request(worker_that("stray", first.writing.get()));
  const auto one = next_as<worker_born>(session);
  session.request(worker_that("stray", second.writing.get()));
  const auto other = next_as<worker_born>(session);
  const int stray_of_first = read_number(first.reading.get());
  const int stray_of_second = read_number(second.reading.get());
  REQUIRE(runs(stray_of_first));
  session.kill(one.pid, SIGKILL);
  CHECK(next_as<worker_ended>(session).pid == one.pid);
  CHECK(eventually([&] { return !runs(stray_of_first); }));
  // Had it been swept as well, it would be dead by the time the zygote has buried some more.
  for (int n = 0; n < 5; ++n) CHECK(end_of(session, worker_that("exit 0")).exit_code == 0);
  CHECK(runs(stray_of_second));
  session.kill(other.pid, SIGKILL);
  CHECK(next_as<worker_ended>(session).pid == other.pid);
  CHECK(eventually([&] { return !runs(stray_of_second); }));
}

TEST_CASE("a session that ends takes its workers and their strays along, and the other session's stay") {
  auto zygote = zygote_process::by_fork(&obedient_worker);
  zygote_session stays(zygote);
  stays.request(worker_that("wait"));
  const auto survivor = next_as<worker_born>(stays);
  const pipe_ends pipe = pipe_ends::make();
  int worker = 0, stray = 0;
  {
    zygote_session leaves(zygote);
    leaves.request(worker_that("stray", pipe.writing.get()));
    worker = next_as<worker_born>(leaves).pid;
    stray = read_number(pipe.reading.get());
  }
  CHECK_FALSE(runs(worker));
  CHECK_FALSE(runs(stray));
  CHECK(runs(survivor.pid));
}

TEST_CASE("the last session ends the zygote, which leaves no child and no zombie") {
  int zygote = 0;
  {
    auto session = new_session();
    zygote = session.zygote_pid();
    session.request(worker_that("wait"));
    next_as<worker_born>(session);
    CHECK(runs(zygote));
  }
  CHECK(no_child_is_left());
  CHECK_FALSE(runs(zygote));
}

TEST_CASE("when the zygote is killed its workers die, and the session says lost, once") {
  auto session = new_session();
  session.request(worker_that("wait"));
  const auto born = next_as<worker_born>(session);
  ::kill(session.zygote_pid(), SIGKILL);
  CHECK(readable_within(born.pidfd.get(), 10'000));
  next_as<zygote_lost>(session);
  CHECK_FALSE(session.next());
  session.request(worker_that("wait"));  // nobody hears that
  CHECK_FALSE(session.next());
}

TEST_CASE("more requests than the zygote has room for wait, with their descriptors, and all are answered") {
  auto session = new_session();
  ::kill(session.zygote_pid(), SIGSTOP);
  constexpr int count = 400;
  pipe_ends pipe = pipe_ends::make();
  const std::string padding(2000, 'x');
  for (int n = 0; n < count; ++n) session.request(worker_that("exit 0 " + padding, pipe.writing.get()));
  pipe.writing.reset();
  ::kill(session.zygote_pid(), SIGCONT);
  int born = 0, ended = 0;
  while (ended < count) {
    const auto news = next_news(session);
    if (std::holds_alternative<worker_born>(news)) ++born;
    if (std::holds_alternative<worker_ended>(news)) ++ended;
    if (std::holds_alternative<worker_refused>(news)) FAIL(std::get<worker_refused>(news).what);
  }
  CHECK(born == count);
  CHECK(workpool_test::read_all(pipe.reading.get()).size() >= std::size_t{count} * 2);
}

TEST_CASE("1000 births one after another leak no descriptor, neither here nor in the zygote") {
  auto session = new_session();
  const auto descriptors_of = [](int pid) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& one :
         std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/fd")) {
      ++count;
    }
    return count;
  };
  end_of(session, worker_that("exit 0"));
  const auto here = open_descriptors();
  const auto there = descriptors_of(session.zygote_pid());
  const pipe_ends pipe = pipe_ends::make();
  for (int n = 0; n < 1000; ++n) {
    session.request(worker_that("exit 0", pipe.writing.get()));
    next_as<worker_born>(session);
    next_as<worker_ended>(session);
    read_number(pipe.reading.get());
  }
  CHECK(descriptors_of(session.zygote_pid()) == there);
  auto expected = here;
  expected.insert({pipe.reading.get(), pipe.writing.get()});
  CHECK(open_descriptors() == expected);
}

#ifndef __SANITIZE_ADDRESS__  // the asan preset's check of virtual calls asks a pipe what memory can be read
TEST_CASE("a host without a descriptor for the pidfd refuses the worker, which dies, and recovers") {
  auto session = new_session();
  const auto before = open_descriptors();
  rlimit usual{};
  ::getrlimit(RLIMIT_NOFILE, &usual);
  const unique_fd next(::fcntl(0, F_DUPFD_CLOEXEC, 3));
  const rlimit full{static_cast<rlim_t>(next.get()) + 1, usual.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &full);
  session.request(worker_that("wait"));
  const auto refused = next_as<worker_refused>(session);
  CHECK_THROWS_AS(new_session(), workpool::spawn_failed);
  ::setrlimit(RLIMIT_NOFILE, &usual);
  CHECK(refused.error == EMFILE);
  CHECK(end_of(session, worker_that("exit 4")).exit_code == 4);  // the death of the other is not told
  auto expected = before;
  expected.insert(next.get());
  CHECK(open_descriptors() == expected);
}
#endif

TEST_CASE("workers live on when the thread that started them and the zygote has ended") {
  std::unique_ptr<zygote_session> session;
  worker_born born;
  std::thread([&] {
    session = std::make_unique<zygote_session>(new_session());
    session->request(worker_that("wait"));
    born = next_as<worker_born>(*session);
  }).join();
  // A death with the thread would be a fact by the time the zygote answers twice.
  CHECK(end_of(*session, worker_that("exit 0")).exit_code == 0);
  CHECK(end_of(*session, worker_that("exit 0")).exit_code == 0);
  CHECK_FALSE(readable_within(born.pidfd.get(), 0));
}

TEST_CASE("a fork of the host can use nothing of the session, and its end ends nothing") {
  auto session = new_session();
  session.request(worker_that("wait"));
  const auto born = next_as<worker_born>(session);
  CHECK(workpool_test::code_of_child([&] {
          try {
            session.request({});
            return 1;
          } catch (const workpool::forked_child&) {
          }
          const zygote_session moved(std::move(session));  // ends here
          return 0;
        }) == 0);
  CHECK_FALSE(readable_within(born.pidfd.get(), 0));
  CHECK(end_of(session, worker_that("exit 6")).exit_code == 6);
}

TEST_CASE("a host that ignores SIGCHLD, or was started with 0, 1 and 2 closed, has its workers all the same") {
  const bool closed = GENERATE(false, true);
  CHECK(workpool_test::code_of_child([&] {
          ::signal(SIGCHLD, SIG_IGN);
          if (closed) {
            for (const int standard : {0, 1, 2}) ::close(standard);
          }
          auto session = new_session();
          pipe_ends pipe = pipe_ends::make();
          session.request(worker_that("exit 7", pipe.writing.get()));
          const auto born = next_as<worker_born>(session);
          if (read_number(pipe.reading.get()) != born.pid) return 1;
          const auto ended = next_as<worker_ended>(session);
          if (ended.exit_code != 7) return 2;
          if (closed && (::fcntl(0, F_GETFD) >= 0 || ::fcntl(2, F_GETFD) >= 0)) return 3;
          session = new_session();  // reaps the first zygote, which is nobody's child any more
          return 0;
        }) == 0);
}

TEST_CASE("what the host had not flushed is not written again by a worker") {
  pipe_ends out = pipe_ends::make();
  std::fflush(stdout);  // what the reporter has said is not the host's
  CHECK(workpool_test::code_of_child([&] {
          ::dup2(out.writing.get(), 1);
          std::setvbuf(stdout, nullptr, _IOFBF, 4096);
          std::fputs("once", stdout);
          zygote_session session(zygote_process::by_fork([](worker_birth&) { return std::fflush(stdout); }));
          session.request({});
          next_as<worker_born>(session);
          const int code = next_as<worker_ended>(session).exit_code;
          std::fflush(stdout);
          return code;
        }) == 0);
  out.writing.reset();
  CHECK(workpool_test::read_all(out.reading.get()) == "once");
}
