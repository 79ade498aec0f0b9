#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>
#include <workpool/ipc/codec.hpp>

namespace workpool { inline namespace v0 {

/// The elements; their number is part of the type.
template <class T, std::size_t Size>
struct codec<std::array<T, Size>> {
  using element_type = std::remove_cv_t<T>;
  using parts = type_list<T>;
  static constexpr bool bitwise = Size != 0 && std::is_trivially_copyable_v<T> && detail::is_bitwise<element_type>;

  static void encode(byte_writer& into, const std::array<T, Size>& value) {
    if constexpr (bitwise) {
      into.write_raw(value);
    } else {
      for (const T& element : value) workpool::encode(into, element);
    }
  }

  static std::array<T, Size> decode(byte_reader& from) {
    if constexpr (bitwise) {
      return from.read_raw<std::array<T, Size>>();
    } else if constexpr (std::default_initializable<T> && std::is_move_assignable_v<T>) {
      std::array<T, Size> value{};
      for (T& element : value) element = workpool::decode<T>(from);
      return value;
    } else {
      return in_order(from, std::make_index_sequence<Size>());
    }
  }

 private:
  template <std::size_t... Index>
  static std::array<T, Size> in_order(byte_reader& from, std::index_sequence<Index...>) {
    return {{(static_cast<void>(Index), workpool::decode<element_type>(from))...}};
  }
};

}}  // namespace workpool::v0
