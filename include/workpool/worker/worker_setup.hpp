#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/code_location.hpp>
#include <workpool/ipc/code_locator.hpp>
#include <workpool/ipc/code_wire.hpp>
#include <workpool/ipc/frame.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a request and an answer hold beyond what the user sends: the place of the code, texts of errors. Units: bytes.
inline constexpr std::size_t request_overhead = std::size_t{1} << 20;

/// What a pool tells each of its workers at birth.
struct worker_setup {
  std::uint64_t max_message = 0;           // bytes
  std::uint64_t generation = 0;            // of the worker
  bool rings = false;                      // are in its memory, and what is said goes through them
  std::optional<located_code> on_start{};  // void (worker_id)

  std::string encode() const {
    std::vector<std::byte> bytes;
    byte_writer out(bytes, most);
    out.write_raw(protocol_version);
    out.write_raw(static_cast<std::uint32_t>((on_start ? has_start : 0) | (rings ? has_rings : 0)));
    out.write_raw(max_message);
    out.write_raw(generation);
    if (on_start) write_code(out, *on_start);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  /// Throws: codec_error, protocol_error.
  static worker_setup decode(const std::string& text) {
    byte_reader in(std::as_bytes(std::span(text)));
    if (const auto version = in.read_raw<std::uint32_t>(); version != protocol_version) {
      throw protocol_error("the host speaks version " + std::to_string(version) + " of the protocol, this worker " +
                           std::to_string(protocol_version) + ": build both with the same workpool");
    }
    const auto flags = in.read_raw<std::uint32_t>();
    worker_setup setup;
    setup.max_message = in.read_raw<std::uint64_t>();
    setup.generation = in.read_raw<std::uint64_t>();
    setup.rings = (flags & has_rings) != 0;
    if ((flags & has_start) != 0) setup.on_start = read_code(in);
    return setup;
  }

 private:
  static constexpr std::size_t most = std::size_t{1} << 16;  // bytes
  static constexpr std::uint32_t has_start = 1, has_rings = 2;
};

/// The first thing a worker says.
struct worker_greeting {
  std::uint32_t version = protocol_version;
  std::int32_t pid = 0;
  module_id program{};
};
static_assert(sizeof(worker_greeting) == 8 + sizeof(module_id));

}}}  // namespace workpool::v0::detail
