#include <workpool/detail/posix/socket_watch.hpp>

#include "support/catch.hpp"

#include <fcntl.h>

#include <workpool/detail/posix/message_socket.hpp>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::readable_within;

TEST_CASE("a watch is readable when its socket is, and while writing is wanted when there is room") {
  socket_pair sockets = socket_pair::make(socket_kind::packets);
  socket_watch watch(sockets.left.get());
  REQUIRE(watch);
  CHECK(::fcntl(watch.get(), F_GETFD) == FD_CLOEXEC);
  CHECK_FALSE(readable_within(watch.get(), 0));
  watch.want(sockets.left.get(), wanted_events::both);
  CHECK(readable_within(watch.get(), 0));
  watch.want(sockets.left.get(), wanted_events::reading);
  CHECK_FALSE(readable_within(watch.get(), 0));
  REQUIRE(send_packet(sockets.right.get(), "x") == 0);
  CHECK(readable_within(watch.get(), 0));
  packet received;
  REQUIRE(receive_packet(sockets.left.get(), received) == arrival::complete);
  CHECK_FALSE(readable_within(watch.get(), 0));
  sockets.right.reset();
  CHECK(readable_within(watch.get(), 0));
}

TEST_CASE("nothing can be watched that is not open") {
  CHECK_FALSE(socket_watch(-1));
  CHECK_FALSE(socket_watch());
}
