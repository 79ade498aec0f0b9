#include <workpool/ipc/polled_stream.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <workpool/detail/posix/socket_pair.hpp>
#include <workpool/ipc/socket_channel.hpp>

#include "support/catch.hpp"

using namespace workpool::detail;
using workpool::time_point;
using workpool::wait_for;

TEST_CASE("a stream that is polled needs no arming, and cannot look without a call") {
  socket_pair both = socket_pair::make(socket_kind::stream);
  REQUIRE(both);
  socket_stream one(std::move(both.left)), other(std::move(both.right));
  CHECK(one.arm(true));
  CHECK_FALSE(one.wait(wait_for::reading, time_point::min()));
  CHECK(one.wait(wait_for::writing, time_point::min()));
  CHECK(one.wait(wait_for::either, time_point::max()));
  const std::array<std::byte, 1> some{std::byte{7}};
  REQUIRE(other.write(std::array{std::span<const std::byte>(some)}) == 1U);
  one.disarm();
  CHECK_FALSE(one.has_arrived());
  CHECK(one.arm(false));
  CHECK(one.wait(wait_for::reading, time_point::max()));
  CHECK_FALSE(one.in_shared_memory());
}
