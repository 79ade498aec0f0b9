#include <workpool/detail/posix/hand_set_readiness.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include <array>
#include <utility>

using namespace workpool::detail;

namespace {

shown_readiness seen(const hand_set_readiness& one) {
  pollfd asked{one.handle(), POLLIN | POLLOUT, 0};
  ::poll(&asked, 1, 0);
  return {(asked.revents & POLLIN) != 0, (asked.revents & POLLOUT) != 0};
}

constexpr std::array<shown_readiness, 4> all{shown_readiness{false, false}, shown_readiness{false, true},
                                             shown_readiness{true, false}, shown_readiness{true, true}};

}  // namespace

TEST_CASE("poll says what was set, from every state to every other") {
  hand_set_readiness one = hand_set_readiness::make();
  REQUIRE(one);
  CHECK_FALSE(seen(one).readable);
  CHECK_FALSE(seen(one).writable);
  const int handle = one.handle();
  for (int round = 0; round < 50; ++round) {
    for (const shown_readiness from : all) {
      for (const shown_readiness to : all) {
        one.set(from);
        one.set(to);
        REQUIRE(seen(one).readable == to.readable);
        REQUIRE(seen(one).writable == to.writable);
      }
    }
  }
  CHECK(one.handle() == handle);
}

TEST_CASE("no descriptor is none to be set") {
  hand_set_readiness none = hand_set_readiness::none();
  CHECK_FALSE(none);
  CHECK(none.handle() == -1);
  none.set({true, true});
  CHECK(none.handle() == -1);
}

TEST_CASE("the handle is closed on exec and no standard stream") {
  const hand_set_readiness one = hand_set_readiness::make();
  REQUIRE(one);
  CHECK(one.handle() >= 3);
  CHECK((::fcntl(one.handle(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("without descriptors there is none") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool made = static_cast<bool>(hand_set_readiness::make());
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(made);
}
