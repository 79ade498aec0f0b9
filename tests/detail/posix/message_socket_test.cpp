#include <workpool/detail/posix/message_socket.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>
#include <workpool/detail/posix/pipe.hpp>
#include <workpool/detail/posix/socket_pair.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;
using workpool_test::open_descriptors;

namespace {

socket_pair packets() {
  socket_pair made = socket_pair::make(socket_kind::packets);
  REQUIRE(made);
  return made;
}

/// Lets this process open no more than `more` further files while it lives.
class few_descriptors {
 public:
  explicit few_descriptors(int more) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    std::vector<unique_fd> next;
    for (int n = 0; n <= more; ++n) next.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    const rlimit now{static_cast<rlim_t>(next.back().get()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

}  // namespace

TEST_CASE("packets arrive whole, one by one, with their descriptors, which are closed on exec") {
  socket_pair sockets = packets();
  pipe_ends pipe = pipe_ends::make();
  const std::array<int, 2> sent{pipe.reading.get(), pipe.writing.get()};
  REQUIRE(send_packet(sockets.left.get(), "first", sent) == 0);
  REQUIRE(send_packet(sockets.left.get(), std::string(most_packet_bytes, 'x')) == 0);

  packet received;
  REQUIRE(receive_packet(sockets.right.get(), received) == arrival::complete);
  CHECK(received.bytes == "first");
  REQUIRE(received.descriptors.size() == 2);
  for (const unique_fd& one : received.descriptors) {
    CHECK(one.get() > 2);
    CHECK(::fcntl(one.get(), F_GETFD) == FD_CLOEXEC);
  }
  workpool_test::write_text(received.descriptors[1].get(), "y");
  char byte = 0;
  REQUIRE(::read(pipe.reading.get(), &byte, 1) == 1);
  CHECK(byte == 'y');

  REQUIRE(receive_packet(sockets.right.get(), received) == arrival::complete);
  CHECK(received.bytes == std::string(most_packet_bytes, 'x'));
  CHECK(received.descriptors.empty());
  CHECK(receive_packet(sockets.right.get(), received) == arrival::nothing_yet);
}

TEST_CASE("a peer that is gone is end-of-file for the reader and EPIPE without a signal for the writer") {
  socket_pair sockets = packets();
  REQUIRE(send_packet(sockets.left.get(), "last") == 0);
  sockets.left.reset();
  packet received;
  CHECK(receive_packet(sockets.right.get(), received) == arrival::complete);
  CHECK(receive_packet(sockets.right.get(), received) == arrival::end_of_file);
  CHECK(send_packet(sockets.right.get(), "x") == EPIPE);
}

TEST_CASE("what a peer sent before it died is read also where it left something unread") {
  socket_pair sockets = packets();
  REQUIRE(send_packet(sockets.right.get(), "unread by the dead") == 0);
  REQUIRE(send_packet(sockets.left.get(), "last") == 0);
  sockets.left.reset();
  packet received;
  CHECK(receive_packet(sockets.right.get(), received) == arrival::complete);
  CHECK(received.bytes == "last");
}

TEST_CASE("a writer is told when the reader has too much to read, and goes on when it has read") {
  socket_pair sockets = packets();
  int error = 0;
  std::size_t sent = 0;
  for (; error == 0 && sent < 100'000; ++sent) error = send_packet(sockets.left.get(), std::string(1000, 'x'));
  CHECK(error == EAGAIN);
  packet received;
  while (receive_packet(sockets.right.get(), received) == arrival::complete) {
  }
  CHECK(send_packet(sockets.left.get(), "again") == 0);
}

TEST_CASE("what is empty, too long or has too many descriptors is not sent") {
  socket_pair sockets = packets();
  CHECK(send_packet(sockets.left.get(), "") == EINVAL);
  CHECK(send_packet(sockets.left.get(), std::string(most_packet_bytes + 1, 'x')) == EMSGSIZE);
  CHECK(send_packet(sockets.left.get(), "x", std::vector<int>(most_descriptors + 1, 0)) == EINVAL);
  packet received;
  CHECK(receive_packet(sockets.right.get(), received) == arrival::nothing_yet);
}

TEST_CASE("a packet from somebody else that is too long or carries too much is damaged, and leaks nothing") {
  socket_pair sockets = packets();
  const std::string too_long(most_packet_bytes + 1, 'x');
  REQUIRE(::send(sockets.left.get(), too_long.data(), too_long.size(), 0) > 0);
  packet received;
  CHECK(receive_packet(sockets.right.get(), received) == arrival::damaged);
  CHECK(received.bytes.size() == most_packet_bytes);

  const std::vector<int> many(most_descriptors + 4, 0);
  std::vector<unsigned char> control(CMSG_SPACE(many.size() * sizeof(int)));
  char byte = 'x';
  iovec part{&byte, 1};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  cmsghdr* const rights = CMSG_FIRSTHDR(&header);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(many.size() * sizeof(int));
  std::memcpy(CMSG_DATA(rights), many.data(), many.size() * sizeof(int));
  REQUIRE(::sendmsg(sockets.left.get(), &header, 0) == 1);
  const auto before = open_descriptors();
  CHECK(receive_packet(sockets.right.get(), received) == arrival::damaged);
  received = {};
  CHECK(open_descriptors() == before);
}

TEST_CASE("a process without a free descriptor learns that some are missing, and leaks none") {
  socket_pair sockets = packets();
  const std::array<int, 3> three{0, 1, 2};
  const auto before = open_descriptors();
  for (int room = 0; room < 3; ++room) {
    REQUIRE(send_packet(sockets.left.get(), "x", three) == 0);
    packet received;
    arrival how{};
    {
      const few_descriptors limited(room);
      how = receive_packet(sockets.right.get(), received);
    }
    REQUIRE(how == arrival::damaged);
    CHECK(received.bytes == "x");
    CHECK(received.descriptors.size() == static_cast<std::size_t>(room));
    received = {};
    CHECK(open_descriptors() == before);
  }
}

TEST_CASE("in a process with 0, 1 and 2 closed a received descriptor is none of them") {
  socket_pair sockets = packets();
  const std::array<int, 2> sent{sockets.left.get(), sockets.right.get()};
  REQUIRE(send_packet(sockets.left.get(), "x", sent) == 0);
  CHECK(code_of_child([&] {
          for (const int standard : {0, 1, 2}) ::close(standard);
          packet received;
          if (receive_packet(sockets.right.get(), received) != arrival::complete) return 1;
          for (const unique_fd& one : received.descriptors) {
            if (one.get() < 3 || ::fcntl(one.get(), F_GETFD) != FD_CLOEXEC) return 2;
          }
          return received.descriptors.size() == 2 && ::fcntl(0, F_GETFD) < 0 ? 0 : 3;
        }) == 0);
}

TEST_CASE("stop_sending is end-of-file for the peer also while a copy of the socket is open") {
  socket_pair sockets = packets();
  const unique_fd copy = duplicate(sockets.left.get());
  REQUIRE(copy);
  stop_sending(sockets.left.get());
  packet received;
  CHECK(receive_packet(sockets.right.get(), received) == arrival::end_of_file);
  CHECK(send_packet(sockets.right.get(), "still") == 0);
  CHECK(receive_packet(copy.get(), received) == arrival::complete);
}
