#pragma once
#include <cstddef>
#include <type_traits>
#include <utility>
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/field_count.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Calls visit.operator()<Types...>(fields...), with the types as they are declared: references and arrays are seen.
// clang-format off
template <class T, class Visit>
constexpr decltype(auto) visit_fields([[maybe_unused]] T& value, Visit&& visit) {
  constexpr std::size_t count = field_count<std::remove_cv_t<T>>;
  static_assert(count <= most_fields);
  if constexpr (count == 0) {
    return visit.template operator()<>();
  } else if constexpr (count == 1) {
    auto& [a] = value;
    return visit.template operator()<decltype(a)>(a);
  } else if constexpr (count == 2) {
    auto& [a, b] = value;
    return visit.template operator()<decltype(a), decltype(b)>(a, b);
  } else if constexpr (count == 3) {
    auto& [a, b, c] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c)>(a, b, c);
  } else if constexpr (count == 4) {
    auto& [a, b, c, d] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d)>(a, b, c, d);
  } else if constexpr (count == 5) {
    auto& [a, b, c, d, e] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e)>(a, b, c, d, e);
  } else if constexpr (count == 6) {
    auto& [a, b, c, d, e, f] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f)>(a, b, c, d, e, f);
  } else if constexpr (count == 7) {
    auto& [a, b, c, d, e, f, g] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g)>(
        a, b, c, d, e, f, g);
  } else if constexpr (count == 8) {
    auto& [a, b, c, d, e, f, g, h] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h)>(
        a, b, c, d, e, f, g, h);
  } else if constexpr (count == 9) {
    auto& [a, b, c, d, e, f, g, h, i] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i)>(
        a, b, c, d, e, f, g, h, i);
  } else if constexpr (count == 10) {
    auto& [a, b, c, d, e, f, g, h, i, j] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j)>(
        a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (count == 11) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j), decltype(k)>(
        a, b, c, d, e, f, g, h, i, j, k);
  } else if constexpr (count == 12) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l)>(
        a, b, c, d, e, f, g, h, i, j, k, l);
  } else if constexpr (count == 13) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                                    decltype(m)>(
        a, b, c, d, e, f, g, h, i, j, k, l, m);
  } else if constexpr (count == 14) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                                    decltype(m), decltype(n)>(
        a, b, c, d, e, f, g, h, i, j, k, l, m, n);
  } else if constexpr (count == 15) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                                    decltype(m), decltype(n), decltype(o)>(
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
  } else if constexpr (count == 16) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = value;
    return visit.template operator()<decltype(a), decltype(b), decltype(c), decltype(d), decltype(e), decltype(f),
                                    decltype(g), decltype(h), decltype(i), decltype(j), decltype(k), decltype(l),
                                    decltype(m), decltype(n), decltype(o), decltype(p)>(
        a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
  }
}
// clang-format on

struct declared_types {
  template <class... Fields>
  type_list<Fields...> operator()(const std::remove_reference_t<Fields>&...) const {
    return {};
  }
};

/// The types of the fields of an aggregate, as they are declared.
template <class T>
using fields_of = decltype(visit_fields(std::declval<T&>(), declared_types()));

}}}  // namespace workpool::v0::detail
