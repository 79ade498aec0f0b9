#include <workpool/worker/zygote_process.hpp>

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "support/eventually.hpp"
#include "support/zygote_talk.hpp"

using namespace workpool::detail;
using workpool_test::open_descriptors;

namespace {

/// Comes back when it has ended: it closes its sockets before its pidfd tells, and may be off its core in between.
launched start_and_end_program(const char* program) {
  const int pid = ::fork();
  if (pid == 0) {
    ::execl(program, program, nullptr);
    ::_exit(1);
  }
  siginfo_t end{};
  ::waitid(P_PID, static_cast<id_t>(pid), &end, WEXITED | WNOWAIT);
  return {pid, 0};
}

bool no_child_is_left() { return ::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD; }

}  // namespace

TEST_CASE("a zygote is alive until it is killed, and then no session can be had of it") {
  auto zygote = zygote_process::by_fork(&workpool_test::obedient_worker);
  CHECK(zygote->alive());
  ::kill(zygote->pid(), SIGKILL);
  CHECK(workpool_test::eventually([&] { return !zygote->alive(); }));
  CHECK_THROWS_WITH(zygote->connect(), Catch::Matchers::ContainsSubstring("opening a session with the zygote failed"));
  zygote.reset();
  CHECK(no_child_is_left());
}

TEST_CASE("a zygote that cannot be launched is spawn_failed with program and errno, and leaks nothing") {
  const auto before = open_descriptors();
  CHECK_THROWS_WITH(
      zygote_process::by_exec(
          [](const launch_order&) {
            return launched{-1, ENOENT};
          },
          {.program = "/a/program"}),
      Catch::Matchers::ContainsSubstring("/a/program") && Catch::Matchers::ContainsSubstring("No such file"));
  CHECK(open_descriptors() == before);
}

TEST_CASE("a program that ends without becoming a zygote is told apart, and reaped") {
  const auto before = open_descriptors();
  CHECK_THROWS_WITH(zygote_process::by_exec([](const launch_order&) { return start_and_end_program("/bin/true"); }, {}),
                    Catch::Matchers::ContainsSubstring("ended before it said hello"));
  CHECK(open_descriptors() == before);
  CHECK(no_child_is_left());
}

TEST_CASE("the order of a launch holds the role and the socket that goes with it") {
  static launch_order seen;
  CHECK_THROWS_AS(zygote_process::by_exec(
                      [](const launch_order& order) {
                        seen = order;
                        return launched{-1, EPERM};
                      },
                      {.env = {{"A", "1"}}}),
                  workpool::spawn_failed);
  CHECK(seen.descriptor > 2);
  REQUIRE(seen.env.size() == 3);
  CHECK(seen.env[0].first == "A");
  CHECK(seen.env[1] == std::pair<std::string, std::string>("WORKPOOL_ROLE", "zygote"));
  CHECK(seen.env[2] == std::pair<std::string, std::string>("WORKPOOL_FD", std::to_string(seen.descriptor)));
}
