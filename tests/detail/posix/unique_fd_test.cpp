#include <workpool/detail/posix/unique_fd.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "support/catch.hpp"

using workpool::detail::above_stdio;
using workpool::detail::unique_fd;

namespace {

int open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }
bool is_open(int number) { return ::fcntl(number, F_GETFD) != -1; }

}  // namespace

TEST_CASE("a descriptor is closed once, by whoever holds it last") {
  const int number = open_something();
  REQUIRE(number >= 0);
  {
    unique_fd one(number);
    unique_fd other(std::move(one));
    CHECK_FALSE(one);
    CHECK(other.get() == number);
    CHECK(is_open(number));
  }
  CHECK_FALSE(is_open(number));
}

TEST_CASE("a descriptor that is assigned over is closed") {
  unique_fd one(open_something());
  const int first = one.get();
  unique_fd other(open_something());
  one = std::move(other);
  CHECK_FALSE(is_open(first));
  CHECK(is_open(one.get()));
}

TEST_CASE("closing leaves errno alone") {
  unique_fd nonsense(1 << 20);
  errno = EAGAIN;
  nonsense.reset();
  CHECK(errno == EAGAIN);
}

TEST_CASE("what would become a standard descriptor gets another number") {
  const int saved = ::fcntl(0, F_DUPFD_CLOEXEC, 10);
  REQUIRE(saved >= 0);
  ::close(0);
  unique_fd low(open_something());
  const int was = low.get();
  const unique_fd high = above_stdio(std::move(low));
  const bool closed = !is_open(was);
  ::dup2(saved, 0);
  ::close(saved);
  CHECK(was == 0);
  CHECK(high.get() >= 3);
  CHECK(closed);
  CHECK((::fcntl(high.get(), F_GETFD) & FD_CLOEXEC) != 0);
}
