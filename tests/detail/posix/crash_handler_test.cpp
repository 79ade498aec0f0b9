#include <workpool/detail/posix/crash_handler.hpp>

#include "support/catch.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <string>
#include <workpool/detail/posix/pipe.hpp>

// What comes of a crash is tested with <workpool/process/crash_trace.hpp>, which leaves it to a sanitizer where there
// is one. SIGSYS, which no sanitizer handles, is enough here.

using namespace workpool::detail;

namespace {

/// The status of a child that does `work` with the handlers of the test program taken away.
template <class Work>
int status_of(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    for (const int signal : crash_signals) ::signal(signal, SIG_DFL);
    const rlimit no_core{};
    ::setrlimit(RLIMIT_CORE, &no_core);
    work();
    ::_exit(98);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status;
}

bool died_of(int status, int signal) { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }

std::string what_is_in(pipe_ends& pipe) {
  pipe.writing.reset();
  std::array<char, 65536> room{};
  const ssize_t got = ::read(pipe.reading.get(), room.data(), room.size());
  return got > 0 ? std::string(room.data(), static_cast<std::size_t>(got)) : std::string();
}

}  // namespace

TEST_CASE("a descriptor that cannot be used is refused and no handler installed") {
  const int status = status_of([] {
    if (crash_handler::install(-1) || errno != EBADF) ::_exit(1);
    struct sigaction present {};
    ::sigaction(SIGSYS, nullptr, &present);
    ::_exit(present.sa_handler == SIG_DFL ? 0 : 2);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("every signal of a crash is handled, on the alternate stack, and no other one") {
  const pipe_ends report = pipe_ends::make();
  REQUIRE(report);
  const int status = status_of([&] {
    ::signal(SIGTERM, SIG_DFL);
    if (!crash_handler::install(report.writing.get())) ::_exit(1);
    struct sigaction present {};
    for (const int signal : crash_signals) {
      ::sigaction(signal, nullptr, &present);
      if ((present.sa_flags & SA_SIGINFO) == 0 || (present.sa_flags & SA_ONSTACK) == 0) ::_exit(2);
    }
    ::sigaction(SIGTERM, nullptr, &present);
    ::_exit(present.sa_handler == SIG_DFL ? 0 : 3);
  });
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("a crash is reported and the process dies of its signal") {
  pipe_ends report = pipe_ends::make();
  REQUIRE(report);
  const int status = status_of([&] {
    if (crash_handler::install(report.writing.get())) ::raise(SIGSYS);
  });
  CHECK(died_of(status, SIGSYS));
  const std::string text = what_is_in(report);
  CHECK(text.rfind("signal 31 (SIGSYS)\n#0 ", 0) == 0);
  CHECK(text.back() == '\n');
}

TEST_CASE("a report nobody reads does not keep the process from dying") {
  pipe_ends report = pipe_ends::make();
  REQUIRE(report);
  const int status = status_of([&] {
    if (!crash_handler::install(report.writing.get())) ::_exit(1);
    while (::write(report.writing.get(), "x", 1) == 1) {
    }
    ::raise(SIGSYS);
  });
  CHECK(died_of(status, SIGSYS));
  CHECK(what_is_in(report).find_first_not_of('x') == std::string::npos);
}

TEST_CASE("a descriptor that means another file by then is not written to") {
  pipe_ends report = pipe_ends::make(), other = pipe_ends::make();
  REQUIRE((report && other));
  const int status = status_of([&] {
    if (!crash_handler::install(report.writing.get())) ::_exit(1);
    ::dup2(other.writing.get(), report.writing.get());
    ::raise(SIGSYS);
  });
  CHECK(died_of(status, SIGSYS));
  CHECK(what_is_in(report).empty());
  CHECK(what_is_in(other).empty());
}

TEST_CASE("a descriptor that is closed by then is no hindrance") {
  pipe_ends report = pipe_ends::make();
  REQUIRE(report);
  const int status = status_of([&] {
    if (!crash_handler::install(report.writing.get())) ::_exit(1);
    report.writing.reset();
    ::raise(SIGSYS);
  });
  CHECK(died_of(status, SIGSYS));
}
