#include <workpool/detail/posix/event_fd.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <thread>
#include <utility>

using workpool::detail::event_fd;

namespace {

bool is_readable(const event_fd& bell) {
  pollfd one{bell.get(), POLLIN, 0};
  return ::poll(&one, 1, 0) == 1;
}

}  // namespace

TEST_CASE("a bell is silent until it is rung, and again once it is cleared") {
  const event_fd bell = event_fd::make();
  REQUIRE(bell);
  CHECK_FALSE(is_readable(bell));
  CHECK_FALSE(bell.clear());
  bell.ring();
  bell.ring();
  CHECK(is_readable(bell));
  CHECK(bell.clear());
  CHECK_FALSE(is_readable(bell));
  CHECK_FALSE(bell.clear());
}

TEST_CASE("a bell is not inherited by programs, and its number is none of the standard ones") {
  const event_fd bell = event_fd::make();
  REQUIRE(bell);
  CHECK(bell.get() >= 3);
  CHECK((::fcntl(bell.get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("a ring leaves errno alone, also that of a bell that is not there") {
  errno = ENOTDIR;
  event_fd().ring();
  CHECK(errno == ENOTDIR);
  CHECK_FALSE(event_fd());
}

TEST_CASE("a bell that has been moved rings at its new place") {
  event_fd first = event_fd::make();
  REQUIRE(first);
  first.ring();
  const event_fd second = std::move(first);
  CHECK(second.clear());
}

TEST_CASE("a ring ends the sleep of another thread") {
  const event_fd bell = event_fd::make();
  REQUIRE(bell);
  int written = 0;
  bool heard = false;
  std::thread sleeper([&] {
    pollfd one{bell.get(), POLLIN, 0};
    while (::poll(&one, 1, -1) < 0) {
    }
    heard = bell.clear() && written == 1;
  });
  written = 1;
  bell.ring();
  sleeper.join();
  CHECK(heard);
}
