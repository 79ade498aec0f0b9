#pragma once
#include <concepts>
#include <functional>
#include <iterator>
#include <ranges>
#include <string_view>
#include <system_error>
#include <thread>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <workpool/ipc/codec.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// Whether a lambda is the type, or is in its name. What it captured is often a reference.
template <class T>
constexpr bool names_lambda() noexcept {
#if defined(__GNUC__)
  const std::string_view name = __PRETTY_FUNCTION__;
  return name.find("<lambda(") != name.npos || name.find("(lambda at ") != name.npos;
#else
  return false;
#endif
}

/// Trivially copyable classes of the standard library that mean something in their own process only.
template <class T>
inline constexpr bool means_this_process = false;
template <class T>
inline constexpr bool means_this_process<std::reference_wrapper<T>> = true;
template <>
inline constexpr bool means_this_process<std::error_code> = true;
template <>
inline constexpr bool means_this_process<std::error_condition> = true;
template <>
inline constexpr bool means_this_process<std::type_index> = true;
template <>
inline constexpr bool means_this_process<std::thread::id> = true;

/// What looks like a pointer, an iterator, a view or a closure that captured something.
template <class T>
concept looks_elsewhere = means_this_process<T> || std::ranges::range<T> || std::input_or_output_iterator<T> ||
    requires(const T& value) {
  *value;
} || requires(const T& value) {
  value.operator->();
} || requires {
  &T::operator();
} || names_lambda<T>();

/// A class that hides its members.
template <class T>
concept opaque_value = std::is_class_v<T> && !std::is_aggregate_v<T> && std::is_trivially_copyable_v<T> &&
                       std::move_constructible<T> && !requires {
  std::tuple_size<T>::value;
}
&&(std::is_empty_v<T> || !looks_elsewhere<T>);

}  // namespace detail

/// Trivially copyable classes with private members, as their bytes. Nobody can see whether there is a pointer among
/// them, or a bool, of which not every byte is a value: for such a class specialise codec. An adapter goes first.
template <detail::opaque_value T>
struct codec<T> {
  using parts = type_list<>;
  static constexpr bool bitwise = true;
  static constexpr bool guessed = true, last_resort = true;

  static void encode(byte_writer& into, const T& value) { into.write_raw(value); }
  static T decode(byte_reader& from) { return from.read_raw<T>(); }
};

}}  // namespace workpool::v0
