#pragma once

#include <workpool/ipc/frame.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace workpool_test {

using byte_vector = std::vector<std::byte>;

/// Bytes in which every place differs from its neighbours, and from those of another `salt`.
inline byte_vector patterned(std::size_t size, std::uint32_t salt = 0) {
  byte_vector made(size);
  std::uint32_t state = salt * 2654435761U + 1;
  for (std::byte& one : made) {
    state = state * 1664525U + 1013904223U;
    one = static_cast<std::byte>(state >> 24);
  }
  return made;
}

inline byte_vector bytes_of(std::string_view text) {
  const auto raw = std::as_bytes(std::span(text));
  return {raw.begin(), raw.end()};
}

inline byte_vector bytes_of(const workpool::frame_header& header) {
  const auto raw = std::as_bytes(std::span(&header, 1));
  return {raw.begin(), raw.end()};
}

/// A task frame as it is on the wire.
inline byte_vector wire_frame(std::uint64_t task, std::span<const std::byte> payload) {
  byte_vector made = bytes_of({.length = payload.size(), .task = task, .kind = workpool::frame_kind::task});
  made.insert(made.end(), payload.begin(), payload.end());
  return made;
}

inline void append(byte_vector& to, const byte_vector& what) { to.insert(to.end(), what.begin(), what.end()); }

}  // namespace workpool_test
