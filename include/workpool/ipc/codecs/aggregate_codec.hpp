#pragma once
#include <concepts>
#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/codecs/range_codec.hpp>
#include <workpool/ipc/codecs/scalar_codec.hpp>
#include <workpool/ipc/field_count.hpp>
#include <workpool/ipc/visit_fields.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// A struct of up to 16 public fields without bases, and not a container.
template <class T>
concept plain_aggregate = std::is_class_v<T> && std::is_aggregate_v<T> && !growing_range<T> && !requires {
  std::tuple_size<T>::value;
}
&&(field_count<T> <= most_fields);

// What stands for a field among the parts: an array counts as its elements, a reference stays what cannot be sent.
template <class Field>
using field_part = std::remove_cv_t<std::remove_all_extents_t<Field>>;

template <class... Fields>
constexpr type_list<field_part<Fields>...> parts_of_fields(type_list<Fields...>) noexcept {
  return {};
}

template <class... Fields>
constexpr bool all_bitwise(type_list<Fields...>) noexcept {
  return sizeof...(Fields) != 0 && (is_bitwise<field_part<Fields>> && ...);
}

// One whose fields cannot be sent need not be asked about bits: a reference has none.
template <class T>
constexpr bool bitwise_aggregate() noexcept {
  if constexpr (std::is_trivially_copyable_v<T>) {
    return all_bitwise(fields_of<T>());
  } else {
    return false;
  }
}

template <class Field>
constexpr bool can_be_filled() noexcept {
  using element = std::remove_all_extents_t<Field>;
  return !std::is_const_v<element> && !std::is_reference_v<Field> && std::is_move_assignable_v<element>;
}

// Braces can make anything in place but an array, which has to be filled afterwards.
template <class T, class... Fields>
constexpr bool can_be_decoded(type_list<Fields...>) noexcept {
  if constexpr ((std::is_array_v<Fields> || ...)) {
    return bitwise_aggregate<T>() || (requires { T{}; } && (can_be_filled<Fields>() && ...));
  } else {
    return true;
  }
}

template <class Field>
void encode_field(byte_writer& into, const Field& field) {
  if constexpr (std::is_array_v<Field>) {
    for (const auto& element : field) encode_field(into, element);
  } else {
    workpool::encode(into, field);
  }
}

template <class Field>
void fill_field(byte_reader& from, Field& field) {
  if constexpr (std::is_array_v<Field>) {
    for (auto& element : field) fill_field(from, element);
  } else {
    field = workpool::decode<Field>(from);
  }
}

struct encode_fields {
  byte_writer& into;
  template <class... Fields>
  void operator()(const std::remove_reference_t<Fields>&... fields) const {
    (encode_field(into, fields), ...);
  }
};

struct fill_fields {
  byte_reader& from;
  template <class... Fields>
  void operator()(Fields&... fields) const {
    (fill_field(from, fields), ...);
  }
};

// What stands in braces is evaluated from left to right, and initialises the field itself: it need not be movable.
// A field of few bits warns of any value that it is given.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
template <class T, class... Fields>
T decode_fields([[maybe_unused]] byte_reader& from, type_list<Fields...>) {
  if constexpr ((std::is_array_v<Fields> || ...)) {
    T value{};
    visit_fields(value, fill_fields{from});
    return value;
  } else {
    return T{workpool::decode<std::remove_cv_t<Fields>>(from)...};
  }
}
#pragma GCC diagnostic pop

}  // namespace detail

/// The fields in their order. In one copy where it is trivially copyable and all that is in it may have any bits.
template <detail::plain_aggregate T>
requires(detail::can_be_decoded<T>(detail::fields_of<T>())) struct codec<T> {
  using parts = decltype(detail::parts_of_fields(detail::fields_of<T>()));
  static constexpr bool bitwise = detail::bitwise_aggregate<T>();
  static constexpr bool guessed = true;

  static void encode(byte_writer& into, const T& value) {
    if constexpr (detail::bitwise_aggregate<T>()) {
      into.write_raw(value);
    } else {
      detail::visit_fields(value, detail::encode_fields{into});
    }
  }

  static T decode(byte_reader& from) {
    if constexpr (detail::bitwise_aggregate<T>()) {
      return from.read_raw<T>();
    } else {
      return detail::decode_fields<T>(from, detail::fields_of<T>());
    }
  }
};

}}  // namespace workpool::v0
