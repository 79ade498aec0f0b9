#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/codecs/scalar_codec.hpp>

namespace workpool { inline namespace v0 {

/// Whether there is a value, and the value.
template <class T>
struct codec<std::optional<T>> {
  using parts = type_list<T>;

  static void encode(byte_writer& into, const std::optional<T>& value) {
    workpool::encode(into, value.has_value());
    if (value) workpool::encode(into, *value);
  }

  static std::optional<T> decode(byte_reader& from) {
    if (!workpool::decode<bool>(from)) return std::nullopt;
    return std::optional<T>(std::in_place, workpool::decode<std::remove_cv_t<T>>(from));
  }
};

/// The index of the alternative, which is checked, and its value. A variant that lost its value is refused.
template <class... Types>
struct codec<std::variant<Types...>> {
  using value_type = std::variant<Types...>;
  using parts = type_list<Types...>;

  static void encode(byte_writer& into, const value_type& value) {
    if (value.valueless_by_exception())
      throw codec_error("a std::variant has lost its value to an exception: assign one before it is sent");
    into.write_raw(static_cast<std::uint32_t>(value.index()));
    std::visit([&](const auto& alternative) { workpool::encode(into, alternative); }, value);
  }

  static value_type decode(byte_reader& from) {
    const auto index = from.read_raw<std::uint32_t>();
    if (index >= sizeof...(Types))
      throw codec_error("a std::variant of " + std::to_string(sizeof...(Types)) + " types arrived with index " +
                        std::to_string(index));
    return decoders(std::index_sequence_for<Types...>())[index](from);
  }

 private:
  template <std::size_t Index>
  static value_type decode_alternative(byte_reader& from) {
    using alternative = std::variant_alternative_t<Index, value_type>;
    return value_type(std::in_place_index<Index>, workpool::decode<std::remove_cv_t<alternative>>(from));
  }

  template <std::size_t... Index>
  static constexpr auto decoders(std::index_sequence<Index...>) noexcept {
    return std::array<value_type (*)(byte_reader&), sizeof...(Index)>{&decode_alternative<Index>...};
  }
};

/// Whether it owns something, and that. Not what may be of a derived type: that would arrive cut down to its base.
template <class T>
requires(!std::is_array_v<T> && requires { sizeof(T); } && !std::is_polymorphic_v<T>) struct codec<std::unique_ptr<T>> {
  using parts = type_list<T>;

  static void encode(byte_writer& into, const std::unique_ptr<T>& value) {
    const detail::nesting_depth::level deeper(into.depth());
    workpool::encode(into, value != nullptr);
    if (value) workpool::encode<T>(into, *value);
  }

  static std::unique_ptr<T> decode(byte_reader& from) {
    const detail::nesting_depth::level deeper(from.depth());
    if (!workpool::decode<bool>(from)) return nullptr;
    return std::unique_ptr<T>(new T(workpool::decode<std::remove_cv_t<T>>(from)));  // T need not be movable
  }
};

}}  // namespace workpool::v0
