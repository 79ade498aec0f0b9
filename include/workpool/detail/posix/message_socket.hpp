#pragma once
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Most descriptors that go with one packet. Far below the 253 of the kernel: nobody here sends more than five.
inline constexpr std::size_t most_descriptors = 16;

/// Most bytes of one packet: a quarter below what a socket's default buffer (212 992) takes, which also counts the
/// kernel's own bookkeeping.
inline constexpr std::size_t most_packet_bytes = std::size_t{128} << 10;

/// One message of a packet socket and the open files that came with it.
struct packet {
  std::string bytes;
  std::vector<unique_fd> descriptors;
};

/// What receive_packet found. damaged: the packet came, but some of its descriptors could not be taken in (this process
/// has no number left), or it was too long; what did come of it is in the packet.
enum class arrival : std::uint8_t { complete, damaged, nothing_yet, end_of_file, failed };

namespace control_message {

inline constexpr std::size_t room = CMSG_SPACE(most_descriptors * sizeof(int));

/// Every descriptor the kernel has put into this process, whatever else is wrong with the message.
inline std::vector<unique_fd> descriptors_of(const msghdr& header) {
  std::vector<unique_fd> found;
  found.reserve(most_descriptors);  // so that nothing throws while some are nobody's
  for (const cmsghdr* one = CMSG_FIRSTHDR(&header); one != nullptr;
       one = CMSG_NXTHDR(const_cast<msghdr*>(&header), const_cast<cmsghdr*>(one))) {
    if (one->cmsg_level != SOL_SOCKET || one->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (one->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t n = 0; n < count; ++n) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(one) + n * sizeof(int), sizeof number);
      found.emplace_back(number);
    }
  }
  return found;
}

}  // namespace control_message

/// Sends one packet, of at least one byte, with copies of these descriptors, of which the caller keeps its own.
/// Blocks: never. Gives: 0 or errno: EAGAIN when the peer has too much to read already, EPIPE when it is gone (without
/// SIGPIPE), EMSGSIZE when the packet is too long, ETOOMANYREFS when too many descriptors are under way.
inline int send_packet(int socket, std::string_view bytes, std::span<const int> descriptors = {}) noexcept {
  if (bytes.empty() || descriptors.size() > most_descriptors) return EINVAL;
  if (bytes.size() > most_packet_bytes) return EMSGSIZE;
  iovec part{const_cast<char*>(bytes.data()), bytes.size()};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) std::array<unsigned char, control_message::room> control{};
  if (!descriptors.empty()) {
    header.msg_control = control.data();
    header.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(rights), descriptors.data(), descriptors.size_bytes());
  }
  while (::sendmsg(socket, &header, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

/// Receives the next packet. Its descriptors are closed on exec and never one of 0, 1, 2.
/// Blocks: never. Gives: `failed` with errno. Memory: what the packet says it holds, up to most_packet_bytes.
inline arrival receive_packet(int socket, packet& into) {
  into = {};
  ssize_t size = 0;
  do {
    size = ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  } while (size < 0 && (errno == EINTR || errno == ECONNRESET));  // said once, of a peer that left something unread
  if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? arrival::nothing_yet : arrival::failed;
  if (size == 0) return arrival::end_of_file;
  into.bytes.resize(std::min(static_cast<std::size_t>(size), most_packet_bytes));
  iovec part{into.bytes.data(), into.bytes.size()};
  alignas(cmsghdr) std::array<unsigned char, control_message::room> control{};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  do {
    size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? arrival::nothing_yet : arrival::failed;
  into.bytes.resize(static_cast<std::size_t>(size));
  into.descriptors = control_message::descriptors_of(header);
  bool whole = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  for (unique_fd& one : into.descriptors) {
    one = above_stdio(std::move(one));
    whole = whole && one;
  }
  return whole ? arrival::complete : arrival::damaged;
}

/// Another number for an open file, for a packet that has to wait. Empty, with errno, on failure.
inline unique_fd duplicate(int descriptor) noexcept {
  constexpr int first_free = 3;
  return unique_fd(::fcntl(descriptor, F_DUPFD_CLOEXEC, first_free));
}

/// No more packets leave this socket, not even through a copy that a forked process holds: the peer reads end-of-file.
inline void stop_sending(int socket) noexcept { ::shutdown(socket, SHUT_WR); }

}}}  // namespace workpool::v0::detail
