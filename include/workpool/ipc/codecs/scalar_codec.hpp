#pragma once
#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>
#include <workpool/ipc/codec.hpp>

namespace workpool { inline namespace v0 {

/// Numbers and characters as they lie in memory; of bool only 0 and 1 are accepted.
template <class T>
requires std::is_arithmetic_v<T>
struct codec<T> {
  using parts = type_list<>;
  static constexpr bool bitwise = !std::same_as<T, bool>;

  static void encode(byte_writer& into, const T& value) { into.write_raw(value); }

  static T decode(byte_reader& from) {
    if constexpr (std::same_as<T, bool>) {
      static_assert(sizeof(bool) == 1);
      const auto byte = from.read_raw<std::uint8_t>();
      if (byte > 1) throw codec_error("a bool arrived as " + std::to_string(byte) + "; only 0 and 1 are one");
      return byte == 1;
    } else {
      return from.read_raw<T>();
    }
  }
};

/// As the underlying type, std::byte included. Whether there is an enumerator of the value is not checked.
template <class T>
requires std::is_enum_v<T>
struct codec<T> {
  using number = std::underlying_type_t<T>;
  using parts = type_list<>;
  static constexpr bool bitwise = codec<number>::bitwise;

  static void encode(byte_writer& into, const T& value) { codec<number>::encode(into, static_cast<number>(value)); }
  static T decode(byte_reader& from) { return static_cast<T>(codec<number>::decode(from)); }
};

static_assert(codable_value<int> && codable_value<bool> && codable_value<double> && codable_value<char16_t>);
static_assert(!codable<int*> && !codable<int&> && !codable<void> && !codable<void()> && !codable<void (*)()>);

}}  // namespace workpool::v0
