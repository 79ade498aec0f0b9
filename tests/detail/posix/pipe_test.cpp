#include <workpool/detail/posix/pipe.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "support/catch.hpp"

using workpool::detail::pipe_ends;

TEST_CASE("what is written into a pipe comes out of it") {
  const pipe_ends both = pipe_ends::make();
  REQUIRE(both);
  REQUIRE(::write(both.writing.get(), "x", 1) == 1);
  char got = 0;
  CHECK(::read(both.reading.get(), &got, 1) == 1);
  CHECK(got == 'x');
  CHECK((::fcntl(both.reading.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(both.writing.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("an end that does not block says so when there is nothing") {
  const pipe_ends both = pipe_ends::make();
  REQUIRE(both);
  REQUIRE(workpool::detail::set_nonblocking(both.reading.get()));
  char got = 0;
  CHECK(::read(both.reading.get(), &got, 1) == -1);
  CHECK(errno == EAGAIN);
}
