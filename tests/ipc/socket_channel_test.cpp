#include <workpool/ipc/socket_channel.hpp>

#include "support/catch.hpp"
#include "support/frame_bytes.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

using namespace workpool;
using namespace workpool_test;

TEST_CASE("a frame of 64 MiB passes to a slow reader without blocking the sender") {
  auto both = socket_channel::make_pair();
  REQUIRE(both);
  auto& [one, two] = *both;
  constexpr std::size_t size = std::size_t{64} << 20;
  const byte_vector payload = patterned(size);
  REQUIRE(one.send({.task = 1, .kind = frame_kind::task}, payload) == transfer::blocked);
  CHECK(one.unsent() > size / 2);
  std::uint64_t flushes = 0;
  frame got;
  // The reader takes what there is before the sender may go on, in as many steps as the kernel's buffer makes of it.
  while (two.receive(got) == transfer::blocked) {
    REQUIRE(one.flush() != transfer::closed);
    ++flushes;
  }
  CHECK(flushes > 50);
  CHECK_FALSE(one.wants_to_write());
  CHECK(got.payload == payload);
}

TEST_CASE("a socket is used without blocking though it is a blocking one, and stays one") {
  auto sockets = detail::socket_pair::make(detail::socket_kind::stream);
  REQUIRE(sockets);
  const int number = sockets.left.get();
  socket_channel one(std::move(sockets.left));
  frame got;
  CHECK(one.receive(got) == transfer::blocked);
  const byte_vector payload = patterned(1 << 20);
  CHECK(one.send({.kind = frame_kind::task}, payload) == transfer::blocked);
  CHECK((::fcntl(number, F_GETFL) & O_NONBLOCK) == 0);
  CHECK(one.wait_handle() == number);
}

TEST_CASE("both ends of a pair are closed on exec and none is a standard stream") {
  auto both = socket_channel::make_pair();
  REQUIRE(both);
  for (const int number : {both->first.wait_handle(), both->second.wait_handle()}) {
    CHECK(number >= 3);
    CHECK((::fcntl(number, F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("a channel without a socket is closed") {
  socket_channel none{detail::unique_fd()};
  frame got;
  CHECK_FALSE(none.is_open());
  CHECK(none.send({.kind = frame_kind::ping}, {}) == transfer::closed);
  CHECK(none.receive(got) == transfer::closed);
  CHECK(none.wait(wait_for::reading, time_point::max()));
}

TEST_CASE("a descriptor that is no socket is a closed channel") {
  socket_channel file{detail::unique_fd(::open("/dev/null", O_RDWR | O_CLOEXEC))};
  frame got;
  CHECK(file.send({.kind = frame_kind::ping}, {}) == transfer::closed);
  CHECK(file.receive(got) == transfer::closed);
}

TEST_CASE("without descriptors there is no pair, and errno says why") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const bool made = socket_channel::make_pair().has_value();
  const int why = errno;
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  CHECK_FALSE(made);
  CHECK(why == EMFILE);
}

TEST_CASE("half a connection that is shut down is an end for the reader only") {
  auto sockets = detail::socket_pair::make(detail::socket_kind::stream);
  REQUIRE(sockets);
  const int number = sockets.right.get();
  socket_channel one(std::move(sockets.left));
  socket_channel two(std::move(sockets.right));
  REQUIRE(::shutdown(number, SHUT_WR) == 0);
  REQUIRE(one.send({.task = 3, .kind = frame_kind::task}, {}) == transfer::done);
  frame got;
  REQUIRE(two.receive(got) == transfer::done);
  CHECK(got.header.task == 3);
  CHECK(one.receive(got) == transfer::closed);
}
