#pragma once
#include <tuple>
#include <type_traits>
#include <utility>
#include <workpool/ipc/codec.hpp>

namespace workpool { inline namespace v0 {

/// The elements in their order. Those of tuples of references are not codable.
template <class... Types>
struct codec<std::tuple<Types...>> {
  using parts = type_list<Types...>;

  static void encode(byte_writer& into, const std::tuple<Types...>& value) {
    std::apply([&](const auto&... elements) { (workpool::encode(into, elements), ...); }, value);
  }

  // What stands in braces is evaluated from left to right.
  static std::tuple<Types...> decode([[maybe_unused]] byte_reader& from) {
    return std::tuple<Types...>{workpool::decode<std::remove_cv_t<Types>>(from)...};
  }
};

template <class First, class Second>
struct codec<std::pair<First, Second>> {
  using parts = type_list<First, Second>;

  static void encode(byte_writer& into, const std::pair<First, Second>& value) {
    workpool::encode(into, value.first);
    workpool::encode(into, value.second);
  }

  static std::pair<First, Second> decode(byte_reader& from) {
    return std::pair<First, Second>{workpool::decode<std::remove_cv_t<First>>(from),
                                    workpool::decode<std::remove_cv_t<Second>>(from)};
  }
};

}}  // namespace workpool::v0
