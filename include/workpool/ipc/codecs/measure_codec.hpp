#pragma once
#include <chrono>
#include <complex>
#include <workpool/ipc/codec.hpp>

namespace workpool { inline namespace v0 {

/// The count.
template <class Rep, class Period>
struct codec<std::chrono::duration<Rep, Period>> {
  using value_type = std::chrono::duration<Rep, Period>;
  using parts = type_list<Rep>;
  static constexpr bool bitwise = detail::is_bitwise<Rep> && sizeof(value_type) == sizeof(Rep);

  static void encode(byte_writer& into, const value_type& value) { workpool::encode(into, value.count()); }
  static value_type decode(byte_reader& from) { return value_type(workpool::decode<Rep>(from)); }
};

/// The time since the clock's epoch, which processes of one machine share for the clocks of the standard library.
template <class Clock, class Duration>
struct codec<std::chrono::time_point<Clock, Duration>> {
  using value_type = std::chrono::time_point<Clock, Duration>;
  using parts = type_list<Duration>;
  static constexpr bool bitwise = detail::is_bitwise<Duration> && sizeof(value_type) == sizeof(Duration);

  static void encode(byte_writer& into, const value_type& value) { workpool::encode(into, value.time_since_epoch()); }
  static value_type decode(byte_reader& from) { return value_type(workpool::decode<Duration>(from)); }
};

template <class T>
struct codec<std::complex<T>> {
  using parts = type_list<T>;
  static constexpr bool bitwise = detail::is_bitwise<T> && sizeof(std::complex<T>) == 2 * sizeof(T);

  static void encode(byte_writer& into, const std::complex<T>& value) {
    workpool::encode(into, value.real());
    workpool::encode(into, value.imag());
  }
  static std::complex<T> decode(byte_reader& from) {
    return std::complex<T>{workpool::decode<T>(from), workpool::decode<T>(from)};
  }
};

}}  // namespace workpool::v0
