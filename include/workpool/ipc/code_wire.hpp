#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/code_location.hpp>
#include <workpool/ipc/code_locator.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Writes where a function lies. Throws: message_too_large.
inline void write_code(byte_writer& bytes, const located_code& code) {
  bytes.write_raw(code.location);
  bytes.write_raw(static_cast<std::uint32_t>(code.path.size()));
  bytes.write(code.path.data(), code.path.size());
}

/// Gives: what write_code() has written. Throws: codec_error.
inline located_code read_code(byte_reader& bytes) {
  located_code code;
  code.location = bytes.read_raw<code_location>();
  const auto path = bytes.take(bytes.read_raw<std::uint32_t>());
  code.path.assign(reinterpret_cast<const char*>(path.data()), path.size());
  return code;
}

}}}  // namespace workpool::v0::detail
