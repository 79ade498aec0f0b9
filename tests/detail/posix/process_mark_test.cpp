#include <workpool/detail/posix/process_mark.hpp>

#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

using workpool::detail::process_mark;

namespace {

/// What a forked child, which may only use async-signal-safe calls, ends with.
template <class Check>
int exit_code_in_a_child(Check check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("a mark is the same as long as the process is") {
  const process_mark mark = process_mark::current();
  CHECK(mark.same());
  CHECK(process_mark::current().same());
}

TEST_CASE("a forked child notices that a mark is its parent's, and the parent notices nothing") {
  const process_mark mark = process_mark::current();
  CHECK(exit_code_in_a_child([&] { return !mark.same(); }) == 0);
  CHECK(mark.same());
}

TEST_CASE("a child has a mark of its own, and the one of its parent stays foreign to it") {
  const process_mark mark = process_mark::current();
  CHECK(exit_code_in_a_child([&] {
          const process_mark own = process_mark::current();
          return own.same() && !mark.same();
        }) == 0);
}
