#include <workpool/detail/posix/socket_io.hpp>

#include <workpool/detail/posix/socket_pair.hpp>

#include "support/catch.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

using namespace workpool::detail;

namespace {

using view = std::span<const std::byte>;

socket_pair two_sockets() {
  socket_pair made = socket_pair::make(socket_kind::stream);
  REQUIRE(made);
  return made;
}

}  // namespace

TEST_CASE("pieces arrive as one run of bytes, empty ones between them or not") {
  const socket_pair sockets = two_sockets();
  const std::array bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  CHECK(send_some(sockets.left.get(), std::array{view(bytes).first(1), view(), view(bytes).subspan(1)}) == 3);
  std::array<std::byte, 10> into{};
  CHECK(receive_some(sockets.right.get(), into) == 3);
  CHECK(std::vector(into.begin(), into.begin() + 3) == std::vector(bytes.begin(), bytes.end()));
}

TEST_CASE("a socket with nothing to read gives 0 and does not block") {
  const socket_pair sockets = two_sockets();
  std::array<std::byte, 10> into{};
  CHECK(receive_some(sockets.left.get(), into) == std::size_t{0});
}

TEST_CASE("a full socket takes a part, then 0, and does not block") {
  const socket_pair sockets = two_sockets();
  const std::vector<std::byte> much(10 << 20);
  const std::optional<std::size_t> first = send_some(sockets.left.get(), std::array{view(much)});
  REQUIRE(first);
  CHECK(*first > 0);
  CHECK(*first < much.size());
  CHECK(send_some(sockets.left.get(), std::array{view(much)}) == std::size_t{0});
}

TEST_CASE("more pieces than one call takes are sent from the front") {
  const socket_pair sockets = two_sockets();
  const std::vector<std::byte> bytes(100, std::byte{5});
  std::vector<view> pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(view(bytes).subspan(i, 1));
  CHECK(send_some(sockets.left.get(), pieces) == 64);
}

TEST_CASE("the end of the other side is nothing, also to write to, and raises no SIGPIPE") {
  socket_pair sockets = two_sockets();
  sockets.right.reset();
  std::array<std::byte, 10> some{};
  CHECK_FALSE(receive_some(sockets.left.get(), some));
  CHECK_FALSE(send_some(sockets.left.get(), std::array{view(some)}));
}

TEST_CASE("a reset is nothing, after what had arrived") {
  socket_pair sockets = two_sockets();
  std::array<std::byte, 10> some{};
  REQUIRE(send_some(sockets.left.get(), std::array{view(some)}) == 10);  // never read
  REQUIRE(send_some(sockets.right.get(), std::array{view(some).first(4)}) == 4);
  sockets.right.reset();
  CHECK(receive_some(sockets.left.get(), some) == 4);
  CHECK_FALSE(receive_some(sockets.left.get(), some));
}

TEST_CASE("a descriptor that is not open is nothing") {
  std::array<std::byte, 10> some{};
  CHECK_FALSE(receive_some(-1, some));
  CHECK_FALSE(send_some(-1, std::array{view(some)}));
}

TEST_CASE("want of memory is a matter of time and a broken connection is not") {
  for (const int why : {EAGAIN, EWOULDBLOCK, ENOBUFS, ENOMEM}) CHECK(nothing_for_now_or_ever(why) == std::size_t{0});
  for (const int why : {EPIPE, ECONNRESET, ETIMEDOUT, ENOTCONN, EBADF}) CHECK_FALSE(nothing_for_now_or_ever(why));
}
