#pragma once
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/codecs/range_codec.hpp>

namespace workpool { inline namespace v0 {

/// Arrives as a view of a vector that lives as long as the call: what the task writes to it stays there. Not of bool,
/// of which vectors are no arrays.
template <class T, std::size_t Extent>
requires(!std::same_as<std::remove_cv_t<T>, bool>) struct codec<std::span<T, Extent>> {
  using element_type = std::remove_cv_t<T>;
  using holder = std::vector<element_type>;
  using parts = type_list<element_type>;

  static void encode(byte_writer& into, const std::span<T, Extent>& value) {
    into.write_raw<std::uint64_t>(value.size());
    if constexpr (detail::is_bitwise<element_type>) {
      into.write(value.data(), value.size_bytes());
    } else {
      detail::encode_elements(into, value, value.size(), [&](const element_type& one) { workpool::encode(into, one); });
    }
  }

  static holder decode(byte_reader& from) {
    holder held = workpool::decode<holder>(from);
    if constexpr (Extent != std::dynamic_extent) {
      if (held.size() != Extent)
        throw codec_error("a std::span of " + std::to_string(Extent) + " elements arrived with " +
                          std::to_string(held.size()));
    }
    return held;
  }

  static std::span<T, Extent> view(holder& held) noexcept { return std::span<T, Extent>(held.data(), held.size()); }
};

}}  // namespace workpool::v0
