#include <workpool/detail/posix/process_image.hpp>

#include "support/catch.hpp"

#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <workpool/config.hpp>
#include <workpool/detail/posix/pipe.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;

TEST_CASE("a program is run with its words byte for byte and the environment of this process") {
  pipe_ends out = pipe_ends::make();
  REQUIRE(out);
  CHECK(code_of_child([&] {
          ::dup2(out.writing.get(), 1);
          ::setenv("WORKPOOL_TEST_WORD", "a b", 1);
          exec_program({"/bin/sh", "-c", "printf '%s|%s|%s' \"$WORKPOOL_TEST_WORD\" \"$1\" \"$2\"; exit 7", "sh",
                        "$(x) *;", ""});
          return 1;
        }) == 7);
  out.writing.reset();
  CHECK(workpool_test::read_all(out.reading.get()) == "a b|$(x) *;|");
}

TEST_CASE("a program that is missing or cannot be executed is an errno") {
  CHECK(exec_program({"/nonexistent/program"}) == ENOENT);
  CHECK(exec_program({"/etc/passwd"}) == EACCES);
}

#if !WORKPOOL_UNDER_TSAN  // which makes an exit of every _exit
TEST_CASE("leaving a process runs no handler and flushes nothing") {
  pipe_ends out = pipe_ends::make();
  REQUIRE(out);
  const int child = fork_process();
  if (child == 0) {
    ::dup2(out.writing.get(), 1);
    std::setvbuf(stdout, nullptr, _IOFBF, 4096);
    std::fputs("not flushed", stdout);
    std::atexit([] { workpool_test::write_text(1, "handler"); });
    leave_process(9);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WEXITSTATUS(status) == 9);
  out.writing.reset();
  CHECK(workpool_test::read_all(out.reading.get()).empty());
}
#endif

TEST_CASE("a descriptor is kept through exec or closed, as it was set") {
  const pipe_ends pipe = pipe_ends::make();
  const std::string look = "test -e /proc/self/fd/" + std::to_string(pipe.writing.get());
  const auto kept = [&](on_exec wanted) {
    return code_of_child([&] {
      if (set_on_exec(pipe.writing.get(), wanted) != 0) return 10;
      return exec_program({"/bin/sh", "-c", look});
    });
  };
  CHECK(kept(on_exec::keep) == 0);
  CHECK(kept(on_exec::close) == 1);
  CHECK(set_on_exec(-1, on_exec::keep) == EBADF);
}

TEST_CASE("a process leaves its session and blocks what is sent to it") {
  CHECK(code_of_child([] {
          leave_session();
          block_all_signals();
          ::raise(SIGTERM);
          ::raise(SIGTSTP);
          return ::getsid(0) == ::getpid() ? 0 : 1;
        }) == 0);
}

TEST_CASE("pointers to strings end with a null pointer, and the own environment holds what was set") {
  string_pointers two({"a", "bc"});
  CHECK(std::string(two.get()[0]) == "a");
  CHECK(std::string(two.get()[1]) == "bc");
  CHECK(two.get()[2] == nullptr);
  CHECK(code_of_child([] {
          ::setenv("WORKPOOL_TEST_WORD", "x=y", 1);
          for (const std::string& one : own_environment()) {
            if (one == "WORKPOOL_TEST_WORD=x=y") return 0;
          }
          return 1;
        }) == 0);
}
