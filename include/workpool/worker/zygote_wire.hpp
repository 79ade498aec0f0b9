#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <workpool/core/error.hpp>
#include <workpool/detail/byte_strings.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/zygote_news.hpp>

namespace workpool { inline namespace v0 { namespace detail { namespace zygote_wire {

/// Packets between a host and its zygote: one byte that tells the kind, then what belongs to it.
///
/// On the master socket the host sends `host` {pidfd of the host} before it starts the zygote, the zygote answers
/// `hello` once, and the host sends `session` {a socket} for each pool. On the session's socket the host sends `birth`
/// {descriptors} and `kill`; the zygote sends `born` {pidfd}, `refused` and `ended`.
enum class kind : std::uint8_t { host = 1, hello, session, birth, kill, born, refused, ended };

/// Changes whenever a packet does: zygote and host come from one file, but an exec may find another program.
inline constexpr std::uint32_t version = 0x77700001;

inline kind kind_of(std::string_view packet) noexcept { return string_reader(packet).number<kind>(); }

inline std::string announce(kind what) { return string_writer().number(what).number(version).bytes(); }

inline bool is_announcement(std::string_view packet, kind what) noexcept {
  string_reader left(packet);
  return left.number<kind>() == what && left.number<std::uint32_t>() == version && left.exact();
}

struct birth_request {
  std::uint64_t request = 0;
  worker_birth birth{};
};

struct kill_request {
  std::uint64_t request = 0;  // that of the birth: a pid may be somebody else's by now
  int signal = 0;
};

using order = std::variant<birth_request, kill_request>;

inline std::string encode(std::uint64_t request, const worker_birth& birth) {
  return string_writer().number(kind::birth).number(request).bytes() + encode_birth(birth);
}
inline std::string encode(const kill_request& kill) {
  return string_writer().number(kind::kill).number(kill.request).number(kill.signal).bytes();
}
inline std::string encode(const worker_born& born) {
  return string_writer().number(kind::born).number(born.request).number(born.pid).bytes();
}
inline std::string encode(const worker_refused& refused) {
  return string_writer().number(kind::refused).number(refused.request).number(refused.error).text(refused.what).bytes();
}
inline std::string encode(const worker_ended& ended) {
  return string_writer()
      .number(kind::ended)
      .number(ended.request)
      .number(ended.pid)
      .number(ended.exit_code)
      .number(ended.signal)
      .number(ended.max_rss)
      .number(ended.cpu_time.count())
      .bytes();
}

[[noreturn]] inline void refuse(std::string_view packet) {
  throw protocol_error("a packet of " + std::to_string(packet.size()) + " bytes and kind " +
                       std::to_string(static_cast<int>(kind_of(packet))) +
                       " is not part of the talk between a host and its zygote");
}

/// What a host wants. Throws: protocol_error.
inline order decode_order(std::string_view packet) {
  string_reader left(packet);
  const kind what = left.number<kind>();
  const auto request = left.number<std::uint64_t>();
  if (what == kind::birth && left.ok()) return birth_request{request, decode_birth(left.rest())};
  const kill_request kill{request, left.number<int>()};
  if (what != kind::kill || !left.exact()) refuse(packet);
  return kill;
}

/// What a zygote tells; the descriptor of a `born` goes apart. Throws: protocol_error.
inline zygote_news decode_news(std::string_view packet) {
  string_reader left(packet);
  const kind what = left.number<kind>();
  const auto request = left.number<std::uint64_t>();
  const int number = left.number<int>();
  if (what == kind::born && left.exact()) return worker_born{request, number, {}};
  if (what == kind::refused) {
    worker_refused refused{request, number, std::string(left.text())};
    if (left.exact()) return refused;
  } else if (what == kind::ended) {
    worker_ended ended{.request = request, .pid = number};
    ended.exit_code = left.number<int>();
    ended.signal = left.number<int>();
    ended.max_rss = left.number<std::size_t>();
    ended.cpu_time = duration(left.number<duration::rep>());
    if (left.exact()) return ended;
  }
  refuse(packet);
}

}}}}  // namespace workpool::v0::detail::zygote_wire
