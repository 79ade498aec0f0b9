#include <workpool/detail/posix/leave_now.hpp>

#include "support/catch.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <workpool/detail/posix/pipe.hpp>

#include "support/forked.hpp"

using workpool::detail::leave_now;
using workpool::detail::own_pid;
using workpool::detail::pipe_ends;

namespace {

int told_at_exit = -1;

}  // namespace

TEST_CASE("who leaves now leaves with this code, and nothing that was registered for its exit runs") {
  pipe_ends ends = pipe_ends::make();
  REQUIRE(ends);
  told_at_exit = ends.writing.get();
  const auto child = [](bool leaves) {
    return workpool_test::code_of_child([leaves]() -> int {
      std::atexit([] { workpool_test::write_text(told_at_exit, "exit "); });
      if (leaves) leave_now(43);
      std::exit(44);
    });
  };
  CHECK(child(true) == 43);
  CHECK(child(false) == 44);
  ends.writing.reset();
  CHECK(workpool_test::read_all(ends.reading.get()) == "exit ");
}

TEST_CASE("what was written to a stream and not flushed is not written by who leaves now") {
  pipe_ends ends = pipe_ends::make();
  REQUIRE(ends);
  CHECK(workpool_test::code_of_child([&ends]() -> int {
          std::FILE* const stream = ::fdopen(ends.writing.get(), "w");
          if (stream == nullptr) return 1;
          std::fputs("twice", stream);
          leave_now(0);
        }) == 0);
  ends.writing.reset();
  CHECK(workpool_test::read_all(ends.reading.get()).empty());
}

TEST_CASE("the number of this process is another one in a fork of it") {
  CHECK(own_pid() == ::getpid());
  const int parent = own_pid();
  CHECK(workpool_test::code_of_child([parent] { return own_pid() == ::getpid() && own_pid() != parent ? 0 : 1; }) == 0);
}
