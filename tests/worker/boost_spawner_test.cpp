#if __has_include(<boost/process/v1/child.hpp>) || __has_include(<boost/process/child.hpp>)
#include <workpool/worker/boost_spawner.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <workpool/config.hpp>
#include <workpool/detail/posix/pipe.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;

namespace {

/// A program that writes its environment to standard output, which is the pipe's end meanwhile.
std::string environment_seen(launch_order order, pipe_ends& pipe) {
  order.program = "/usr/bin/env";
  const unique_fd before(::fcntl(1, F_DUPFD_CLOEXEC, 3));
  ::dup2(pipe.writing.get(), 1);
  const launched started = boost_spawner::launch(order);
  ::dup2(before.get(), 1);
  pipe.writing.reset();
  CHECK(started.error == 0);
  const std::string text = workpool_test::read_all(pipe.reading.get());
  int status = 0;
  CHECK(::waitpid(started.pid, &status, 0) == started.pid);
  CHECK(WIFEXITED(status));
  return text;
}

/// Its standard input is this end of the pipe, where nothing comes.
launched one_that_waits(const launch_order& order, const pipe_ends& pipe) {
  const unique_fd before(::fcntl(0, F_DUPFD_CLOEXEC, 3));
  ::dup2(pipe.reading.get(), 0);
  launched started = boost_spawner::launch(order);
  ::dup2(before.get(), 0);
  return started;
}

/// What is behind it in a process; nothing where it is closed there.
std::string descriptor_of(const std::string& process, const unique_fd& which) {
  std::error_code none;
  return std::filesystem::read_symlink("/proc/" + process + "/fd/" + std::to_string(which.get()), none).string();
}

}  // namespace

TEST_CASE("a program is started with exactly the environment that was ordered, and left to be waited for") {
  pipe_ends pipe = pipe_ends::make();
  CHECK(environment_seen({.base = environment_base::empty, .env = {{"A", "1"}, {"B", "x y"}}}, pipe) == "A=1\nB=x y\n");
}

TEST_CASE("the descriptor of the order, closed on exec here, is open there") {
  pipe_ends pipe = pipe_ends::make();
  const launched started = one_that_waits({.program = "/bin/cat", .descriptor = pipe.writing.get()}, pipe);
  REQUIRE(started.error == 0);
  const std::string pipe_itself = descriptor_of("self", pipe.writing);
  REQUIRE(pipe_itself.rfind("pipe:", 0) == 0);
  CHECK(descriptor_of(std::to_string(started.pid), pipe.writing) == pipe_itself);
  CHECK(descriptor_of(std::to_string(started.pid), pipe.reading) != pipe_itself);  // it may open others by that number
  CHECK(::fcntl(pipe.writing.get(), F_GETFD) == FD_CLOEXEC);
  ::kill(started.pid, SIGKILL);
  CHECK(::waitpid(started.pid, nullptr, 0) == started.pid);
}

#if !WORKPOOL_UNDER_TSAN  // which makes a fork of every vfork, so that no errno comes back
TEST_CASE("a program that cannot be started is its errno, and leaves neither a zombie nor a descriptor") {
  const auto before = workpool_test::open_descriptors();
  for (const auto& [path, error] : {std::pair{"/nonexistent/program", ENOENT}, {"/etc/passwd", EACCES}}) {
    const launched started = boost_spawner::launch({.program = path});
    CHECK(started.error == error);
    CHECK(started.pid == -1);
  }
  CHECK(::waitpid(-1, nullptr, 0) == -1);
  CHECK(errno == ECHILD);
  CHECK(workpool_test::open_descriptors() == before);
}
#endif

TEST_CASE("the mask and the dispositions of the host are as before") {
  sigset_t before, after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  ::signal(SIGCHLD, SIG_IGN);
  const launched started = boost_spawner::launch({.program = "/bin/true"});
  CHECK(started.error == 0);
  ::waitpid(started.pid, nullptr, 0);
  CHECK(::signal(SIGCHLD, SIG_DFL) == SIG_IGN);
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 65; ++signal) CHECK(::sigismember(&before, signal) == ::sigismember(&after, signal));
}
#endif
