#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <ranges>
#include <type_traits>
#include <utility>
#include <workpool/detail/posix/large_pages.hpp>
#include <workpool/ipc/codec.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// A container that an empty one can be grown into: std::vector, deque, list, basic_string, set, map, unordered_map …
template <class T>
concept growing_range = std::is_class_v<T> && std::default_initializable<T> &&
    requires(T& into, const T& from, typename T::value_type&& element) {
  { from.size() } -> std::convertible_to<std::size_t>;
  from.begin();
  from.end();
  requires requires { into.push_back(std::move(element)); } || requires {
    into.insert(into.end(), std::move(element));
  };
} && !std::same_as<typename T::value_type, T>;  // one that contains itself is no mere sequence: paths, documents

/// A container that encodes as one block of memory.
template <class T>
concept memory_block = std::ranges::contiguous_range<const T> && is_bitwise<typename T::value_type>;

template <class T>
struct parts_of_range {
  using type = type_list<typename T::value_type>;
};
template <class T>
requires requires { typename T::mapped_type; }
struct parts_of_range<T> {
  using type = type_list<typename T::key_type, typename T::mapped_type>;
};

template <class T>
inline constexpr bool is_text_byte =
    std::same_as<T, char> || std::same_as<T, unsigned char> || std::same_as<T, std::byte>;

/// The elements one after the other, and then as many zeros as are missing to one byte for each: that bounds the number
/// of elements by the size of the message, also of those that take no bytes.
template <class Range, class EncodeOne>
void encode_elements(byte_writer& into, const Range& elements, std::size_t count, EncodeOne encode_one) {
  const nesting_depth::level deeper(into.depth());
  const std::size_t before = into.size();
  for (const auto& element : elements) encode_one(element);
  for (std::size_t used = into.size() - before; used < count; ++used) into.write_raw(std::byte{0});
}

/// Calls add() `count` times, which decodes one element.
template <class Add>
void decode_elements(byte_reader& from, std::size_t count, Add add) {
  const nesting_depth::level deeper(from.depth());
  const std::size_t before = from.left();
  for (std::size_t n = 0; n < count; ++n) add();
  const std::size_t used = before - from.left();
  if (used < count) from.take(count - used);
}

}  // namespace detail

/// The number of elements and the elements; in one copy where they are a block of plain memory.
template <detail::growing_range T>
struct codec<T> {
  using element_type = typename T::value_type;
  using parts = typename detail::parts_of_range<T>::type;

  static void encode(byte_writer& into, const T& value) {
    const std::size_t count = value.size();
    into.write_raw<std::uint64_t>(count);
    if constexpr (detail::memory_block<T>) {
      into.write(std::ranges::data(value), count * sizeof(element_type));
    } else {
      detail::encode_elements(into, value, count, [&](const auto& element) {
        if constexpr (requires { typename T::mapped_type; }) {
          workpool::encode(into, element.first);
          workpool::encode(into, element.second);
        } else {
          workpool::encode<element_type>(into, element);
        }
      });
    }
  }

  static T decode(byte_reader& from) {
    T value;
    if constexpr (detail::memory_block<T> && detail::is_text_byte<element_type> &&
                  requires(const element_type* one) { value.assign(one, one); }) {
      const auto bytes = from.take(from.read_count(1));
      const auto* const first = reinterpret_cast<const element_type*>(bytes.data());
      reserve_large(value, bytes.size());
      value.assign(first, first + bytes.size());
    } else if constexpr (detail::memory_block<T> && requires(std::size_t n) { value.resize(n); } &&
                         std::default_initializable<element_type>) {
      const std::size_t count = from.read_count(sizeof(element_type));
      reserve_large(value, count);
      value.resize(count);
      from.read(std::ranges::data(value), value.size() * sizeof(element_type));
    } else {
      const std::size_t count = from.read_count(1);
      // Memory for what may be there, not for what is announced: an element can take less in the message than here.
      if constexpr (requires { value.reserve(count); })
        value.reserve(std::min(count, from.left() / sizeof(element_type) + 1));
      detail::decode_elements(from, count, [&] { add_to(value, from); });
    }
    return value;
  }

 private:
  // The pages of what is about to be filled are asked for before they are touched.
  static void reserve_large(T& value, std::size_t count) {
    if constexpr (requires { value.reserve(count); }) {
      if (count < detail::worth_large_pages / sizeof(element_type)) return;
      value.reserve(count);
      detail::ask_for_large_pages(std::ranges::data(value), count * sizeof(element_type));
    }
  }

  static void add_to(T& value, byte_reader& from) {
    if constexpr (requires { typename T::mapped_type; }) {
      auto key = workpool::decode<std::remove_cv_t<typename T::key_type>>(from);
      auto mapped = workpool::decode<std::remove_cv_t<typename T::mapped_type>>(from);
      value.emplace_hint(value.end(), std::move(key), std::move(mapped));
    } else if constexpr (requires(element_type && element) { value.push_back(std::move(element)); }) {
      value.push_back(workpool::decode<element_type>(from));
    } else {
      value.insert(value.end(), workpool::decode<element_type>(from));
    }
  }
};

}}  // namespace workpool::v0
