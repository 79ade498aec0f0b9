#include <workpool/detail/posix/socket_pair.hpp>

#include <fcntl.h>
#include <sys/socket.h>

#include <array>

#include "support/catch.hpp"

using workpool::detail::socket_kind;
using workpool::detail::socket_pair;

TEST_CASE("a stream has no borders and packets have") {
  for (const socket_kind kind : {socket_kind::stream, socket_kind::packets}) {
    const socket_pair both = socket_pair::make(kind);
    REQUIRE(both);
    REQUIRE(::send(both.left.get(), "ab", 2, MSG_NOSIGNAL) == 2);
    REQUIRE(::send(both.left.get(), "cd", 2, MSG_NOSIGNAL) == 2);
    std::array<char, 8> got{};
    CHECK(::recv(both.right.get(), got.data(), got.size(), 0) == (kind == socket_kind::stream ? 4 : 2));
    CHECK((::fcntl(both.left.get(), F_GETFD) & FD_CLOEXEC) != 0);
  }
}

TEST_CASE("the end of one side is the end of file of the other") {
  for (const socket_kind kind : {socket_kind::stream, socket_kind::packets}) {
    socket_pair both = socket_pair::make(kind);
    REQUIRE(both);
    both.left.reset();
    char got = 0;
    CHECK(::recv(both.right.get(), &got, 1, 0) == 0);
  }
}
