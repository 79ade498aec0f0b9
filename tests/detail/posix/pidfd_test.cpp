#include <workpool/detail/posix/pidfd.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <optional>

using namespace std::chrono_literals;
using namespace workpool::detail;

namespace {

using how = exit_status::how;

/// A child that does `work` and then ends with 0, unless `work` does not return.
template <class Work>
pid_t child_that(Work work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  return child;
}

/// Blocks until the process has died. Gives: its status.
std::optional<exit_status> reap_when_dead(int pidfd) {
  pollfd one{pidfd, POLLIN, 0};
  while (::poll(&one, 1, -1) < 0) {
  }
  return reap(pidfd);
}

void sleep_for_ever() {
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("an exit code is told as it is, also 0 and 255") {
  for (const int code : {0, 7, 255}) {
    const pid_t child = child_that([=] { ::_exit(code); });
    REQUIRE(child > 0);
    const unique_fd process = open_pidfd(child);
    REQUIRE(process);
    const auto status = reap_when_dead(process.get());
    REQUIRE(status);
    CHECK(status->ended == how::exited);
    CHECK(status->value == code);
  }
}

TEST_CASE("a process that lives has no status, takes a signal, and has died of it") {
  const pid_t child = child_that(sleep_for_ever);
  REQUIRE(child > 0);
  const unique_fd process = open_pidfd(child);
  REQUIRE(process);
  CHECK_FALSE(reap(process.get()));
  CHECK_FALSE(has_died(process.get()));
  CHECK(send_signal(process.get(), 0));
  REQUIRE(send_signal(process.get(), SIGKILL));
  const auto status = reap_when_dead(process.get());
  REQUIRE(status);
  CHECK(status->ended == how::killed);
  CHECK(status->value == SIGKILL);
  CHECK(has_died(process.get()));
  CHECK_FALSE(send_signal(process.get(), SIGKILL));
  CHECK(errno == ESRCH);
}

TEST_CASE("what the process had used is told with its status") {
  constexpr std::size_t much = std::size_t{48} << 20;
  const pid_t child = child_that([] {
    void* const memory = ::mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ::_exit(1);
    std::memset(memory, 1, much);
    timespec used{};
    while (used.tv_sec == 0 && used.tv_nsec < 60'000'000) ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  });
  REQUIRE(child > 0);
  const unique_fd process = open_pidfd(child);
  REQUIRE(process);
  const auto status = reap_when_dead(process.get());
  REQUIRE(status);
  CHECK(status->value == 0);
  CHECK(status->max_rss >= much);
  CHECK(status->max_rss < std::size_t{64} << 30);
  CHECK(status->cpu_time >= 50ms);
  CHECK(status->cpu_time < 60s);
}

TEST_CASE("who comes second to reap learns that the end is unknown") {
  const pid_t child = child_that([] { ::_exit(3); });
  REQUIRE(child > 0);
  const unique_fd process = open_pidfd(child);
  REQUIRE(process);
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  const auto status = reap(process.get());
  REQUIRE(status);
  CHECK(status->ended == how::unknown);
  CHECK(status->value == 0);
}

TEST_CASE("a host that ignores SIGCHLD is told that the end is unknown, and not before it has come") {
  struct sigaction ignore {};
  struct sigaction before {};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGCHLD, &ignore, &before) == 0);
  const pid_t child = child_that(sleep_for_ever);
  const unique_fd process = open_pidfd(child);
  const auto alive = reap(process.get());
  const bool killed = send_signal(process.get(), SIGKILL);
  const auto status = reap_when_dead(process.get());
  REQUIRE(::sigaction(SIGCHLD, &before, nullptr) == 0);
  REQUIRE(process);
  REQUIRE(killed);
  CHECK_FALSE(alive);
  REQUIRE(status);
  CHECK(status->ended == how::unknown);
}

TEST_CASE("a process that is nobody's child here has no status while it lives") {
  const unique_fd parent = open_pidfd(::getppid());
  if (!parent) SKIP("the parent of this process is in another namespace");
  CHECK_FALSE(reap(parent.get()));
}

TEST_CASE("a pidfd is not inherited by programs, and there is none of a process that is gone") {
  const pid_t child = child_that([] {});
  REQUIRE(child > 0);
  const unique_fd process = open_pidfd(child);
  REQUIRE(process);
  CHECK(process.get() >= 3);
  CHECK((::fcntl(process.get(), F_GETFD) & FD_CLOEXEC) != 0);
  REQUIRE(reap_when_dead(process.get()));
  CHECK_FALSE(open_pidfd(child));
  CHECK(errno == ESRCH);
  const auto none = reap(-1);
  REQUIRE(none);
  CHECK(none->ended == how::unknown);
}
