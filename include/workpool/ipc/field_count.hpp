#pragma once
#include <concepts>
#include <cstddef>
#include <cstdlib>
#include <type_traits>
#include <utility>

// The number of fields of an aggregate, without its help: found by trying how many initialisers it takes.
// Source: the idea is Antony Polukhin's, "magic get" (Boost.PFR); that of the nested braces is reflect-cpp's.

namespace workpool { inline namespace v0 { namespace detail {

inline constexpr std::size_t most_fields = 16;
inline constexpr std::size_t uncountable = most_fields + 1;

/// Initialises a field of any type, in places that are not evaluated: it has a body for compilers that miss one. Not
/// the aggregate itself: that is no field.
template <class Aggregate>
struct any_field {
  template <class T>
  requires(!std::same_as<T, Aggregate>) operator T() const noexcept { std::abort(); }
};

/// Initialises unions only.
template <class Aggregate>
struct union_field {
  template <class T>
  requires(std::is_union_v<T> && !std::same_as<T, Aggregate>) operator T() const noexcept { std::abort(); }
};

/// Initialises bases only.
template <class Aggregate>
struct base_field {
  template <class T>
  requires(std::is_base_of_v<T, Aggregate> && !std::same_as<T, Aggregate>) operator T() const noexcept { std::abort(); }
};

// Where every field can be initialised by {}, so many of them fit as there are fields, arrays included.
// clang-format off
#define WORKPOOL_BRACES_1 {}
#define WORKPOOL_BRACES_2 WORKPOOL_BRACES_1, {}
#define WORKPOOL_BRACES_3 WORKPOOL_BRACES_2, {}
#define WORKPOOL_BRACES_4 WORKPOOL_BRACES_3, {}
#define WORKPOOL_BRACES_5 WORKPOOL_BRACES_4, {}
#define WORKPOOL_BRACES_6 WORKPOOL_BRACES_5, {}
#define WORKPOOL_BRACES_7 WORKPOOL_BRACES_6, {}
#define WORKPOOL_BRACES_8 WORKPOOL_BRACES_7, {}
#define WORKPOOL_BRACES_9 WORKPOOL_BRACES_8, {}
#define WORKPOOL_BRACES_10 WORKPOOL_BRACES_9, {}
#define WORKPOOL_BRACES_11 WORKPOOL_BRACES_10, {}
#define WORKPOOL_BRACES_12 WORKPOOL_BRACES_11, {}
#define WORKPOOL_BRACES_13 WORKPOOL_BRACES_12, {}
#define WORKPOOL_BRACES_14 WORKPOOL_BRACES_13, {}
#define WORKPOOL_BRACES_15 WORKPOOL_BRACES_14, {}
#define WORKPOOL_BRACES_16 WORKPOOL_BRACES_15, {}
#define WORKPOOL_BRACES_17 WORKPOOL_BRACES_16, {}
template <class T>
constexpr std::size_t braces_taken() {
  if constexpr (requires { T{WORKPOOL_BRACES_17}; }) return 17;
  else if constexpr (requires { T{WORKPOOL_BRACES_16}; }) return 16;
  else if constexpr (requires { T{WORKPOOL_BRACES_15}; }) return 15;
  else if constexpr (requires { T{WORKPOOL_BRACES_14}; }) return 14;
  else if constexpr (requires { T{WORKPOOL_BRACES_13}; }) return 13;
  else if constexpr (requires { T{WORKPOOL_BRACES_12}; }) return 12;
  else if constexpr (requires { T{WORKPOOL_BRACES_11}; }) return 11;
  else if constexpr (requires { T{WORKPOOL_BRACES_10}; }) return 10;
  else if constexpr (requires { T{WORKPOOL_BRACES_9}; }) return 9;
  else if constexpr (requires { T{WORKPOOL_BRACES_8}; }) return 8;
  else if constexpr (requires { T{WORKPOOL_BRACES_7}; }) return 7;
  else if constexpr (requires { T{WORKPOOL_BRACES_6}; }) return 6;
  else if constexpr (requires { T{WORKPOOL_BRACES_5}; }) return 5;
  else if constexpr (requires { T{WORKPOOL_BRACES_4}; }) return 4;
  else if constexpr (requires { T{WORKPOOL_BRACES_3}; }) return 3;
  else if constexpr (requires { T{WORKPOOL_BRACES_2}; }) return 2;
  else if constexpr (requires { T{WORKPOOL_BRACES_1}; }) return 1;
  else return 0;
}

/// Whether the field with this index, of those that {} initialises, is a union. An anonymous one has no name to bind.
template <class T, std::size_t Index>
constexpr bool is_union_field() {
  if constexpr (Index == 0) return requires { T{union_field<T>()}; };
  else if constexpr (Index == 1) return requires { T{WORKPOOL_BRACES_1, union_field<T>()}; };
  else if constexpr (Index == 2) return requires { T{WORKPOOL_BRACES_2, union_field<T>()}; };
  else if constexpr (Index == 3) return requires { T{WORKPOOL_BRACES_3, union_field<T>()}; };
  else if constexpr (Index == 4) return requires { T{WORKPOOL_BRACES_4, union_field<T>()}; };
  else if constexpr (Index == 5) return requires { T{WORKPOOL_BRACES_5, union_field<T>()}; };
  else if constexpr (Index == 6) return requires { T{WORKPOOL_BRACES_6, union_field<T>()}; };
  else if constexpr (Index == 7) return requires { T{WORKPOOL_BRACES_7, union_field<T>()}; };
  else if constexpr (Index == 8) return requires { T{WORKPOOL_BRACES_8, union_field<T>()}; };
  else if constexpr (Index == 9) return requires { T{WORKPOOL_BRACES_9, union_field<T>()}; };
  else if constexpr (Index == 10) return requires { T{WORKPOOL_BRACES_10, union_field<T>()}; };
  else if constexpr (Index == 11) return requires { T{WORKPOOL_BRACES_11, union_field<T>()}; };
  else if constexpr (Index == 12) return requires { T{WORKPOOL_BRACES_12, union_field<T>()}; };
  else if constexpr (Index == 13) return requires { T{WORKPOOL_BRACES_13, union_field<T>()}; };
  else if constexpr (Index == 14) return requires { T{WORKPOOL_BRACES_14, union_field<T>()}; };
  else if constexpr (Index == 15) return requires { T{WORKPOOL_BRACES_15, union_field<T>()}; };
  else return true;
}
#undef WORKPOOL_BRACES_1
#undef WORKPOOL_BRACES_2
#undef WORKPOOL_BRACES_3
#undef WORKPOOL_BRACES_4
#undef WORKPOOL_BRACES_5
#undef WORKPOOL_BRACES_6
#undef WORKPOOL_BRACES_7
#undef WORKPOOL_BRACES_8
#undef WORKPOOL_BRACES_9
#undef WORKPOOL_BRACES_10
#undef WORKPOOL_BRACES_11
#undef WORKPOOL_BRACES_12
#undef WORKPOOL_BRACES_13
#undef WORKPOOL_BRACES_14
#undef WORKPOOL_BRACES_15
#undef WORKPOOL_BRACES_16
#undef WORKPOOL_BRACES_17
// clang-format on

template <class T, std::size_t... Index>
constexpr bool has_union_field(std::index_sequence<Index...>) {
  return (is_union_field<T, Index>() || ...);
}

// Where not, because something in it has no default constructor, an initialiser for anything takes the place of {}. It
// cannot stand for an array, whose elements would take one each: such an aggregate is not counted.
template <class T, std::size_t>
using any_field_at = any_field<T>;

template <class T, class Before, class Nested, class After>
inline constexpr bool takes_nested = false;
template <class T, std::size_t... Before, std::size_t... Nested, std::size_t... After>
inline constexpr bool
    takes_nested<T, std::index_sequence<Before...>, std::index_sequence<Nested...>, std::index_sequence<After...>> =
        requires {
  T{any_field_at<T, Before>()..., {any_field_at<T, Nested>()...}, any_field_at<T, After>()...};
};

template <class T, class Indices>
inline constexpr bool takes_all = false;
template <class T, std::size_t... Index>
inline constexpr bool takes_all<T, std::index_sequence<Index...>> = requires {
  T{any_field_at<T, Index>()...};
};

template <class T, std::size_t... Index>
constexpr bool takes_union(std::index_sequence<Index...>) {
  return requires { T{any_field_at<T, Index>()..., union_field<T>()}; };
}

template <class T, std::size_t Count, std::size_t Index = 0, std::size_t Nested = 2>
constexpr bool has_array_field() {
  if constexpr (Index + Nested > Count) {
    if constexpr (Nested == 2) {
      return false;
    } else {
      return has_array_field<T, Count, Index + 1>();
    }
  } else {
    using before = std::make_index_sequence<Index>;
    using nested = std::make_index_sequence<Nested>;
    constexpr std::size_t after = Count - Index - Nested;
    // Whoever takes several initialisers for one place, but not one more after it, has an array there.
    return (takes_nested<T, before, nested, std::make_index_sequence<after>> &&
            !takes_nested<T, before, nested, std::make_index_sequence<after + 1>>) ||
           has_array_field<T, Count, Index, Nested + 1>();
  }
}

template <class T, std::size_t Count = most_fields>
constexpr std::size_t initialisers_taken() {
  if constexpr (takes_all<T, std::make_index_sequence<Count>>) {
    return Count;
  } else if constexpr (Count == 0) {
    return uncountable;
  } else {
    return initialisers_taken<T, Count - 1>();
  }
}

template <class T, std::size_t... Index>
constexpr bool has_union_before(std::index_sequence<Index...>) {
  return (takes_union<T>(std::make_index_sequence<Index>()) || ...);
}

template <class T>
constexpr std::size_t count_fields() {
  if constexpr (requires { T{base_field<T>()}; }) {
    return uncountable;
  } else if constexpr (requires { T{}; }) {
    constexpr std::size_t count = braces_taken<T>();
    if constexpr (count > most_fields) {
      return uncountable;
    } else {
      return has_union_field<T>(std::make_index_sequence<count>()) ? uncountable : count;
    }
  } else if constexpr (takes_all<T, std::make_index_sequence<most_fields + 1>>) {
    return uncountable;
  } else {
    constexpr std::size_t count = initialisers_taken<T>();
    if constexpr (count > most_fields || has_array_field<T, count>()) {
      return uncountable;
    } else {
      return has_union_before<T>(std::make_index_sequence<count>()) ? uncountable : count;
    }
  }
}

/// The number of fields of an aggregate; `uncountable` when there are more than 16, a base, a union, or something
/// without default constructor next to an array.
template <class T>
inline constexpr std::size_t field_count = count_fields<T>();

}}}  // namespace workpool::v0::detail
