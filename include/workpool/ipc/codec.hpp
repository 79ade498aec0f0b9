#pragma once
#include <concepts>
#include <type_traits>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>

namespace workpool { inline namespace v0 {

/// How values of a type travel between processes. Specialise it for a type of yours that no model fits:
///
///   template <>
///   struct workpool::codec<person> {
///     static void encode(byte_writer& into, const person& one) { workpool::encode(into, one.name()); }
///     static person decode(byte_reader& from) { return person(workpool::decode<std::string>(from)); }
///   };
///
/// `decode` takes exactly the bytes that `encode` wrote, and trusts none of them: it throws codec_error for what cannot
/// be. A type that refers to something else (a view) has a holder, which outlives the call it is an argument of:
///
///   using holder = std::string;
///   static void encode(byte_writer&, const view&);
///   static holder decode(byte_reader&);
///   static view view(holder&);
///
/// Optional members: `using parts = type_list<…>` names the types that must be codable, too; `bitwise` is true where
/// the bytes of an object are its encoding and any bytes make a valid object.
template <class T>
struct codec;

/// What a codec may say of the types its own are made of.
template <class... Types>
struct type_list {};

namespace detail {

/// What an adapter offers for types without a codec.
template <class T>
struct fallback_codec;

template <class Codec, class T>
concept value_codec = requires(byte_writer& into, byte_reader& from, const T& value) {
  Codec::encode(into, value);
  { Codec::decode(from) } -> std::same_as<T>;
};

template <class Codec, class T>
concept view_codec = requires(byte_writer& into, byte_reader& from, const T& value, typename Codec::holder& held) {
  Codec::encode(into, value);
  { Codec::decode(from) } -> std::same_as<typename Codec::holder>;
  { Codec::view(held) } -> std::same_as<T>;
};

template <class Codec, class T>
concept any_codec = value_codec<Codec, T> || view_codec<Codec, T>;

/// Whether an adapter's codec may stand in for the codec of T. A model that knows the type for certain allows none: an
/// adapter, too, would fail over what cannot be sent in it, and not find that out in time.
template <class T>
constexpr bool may_fall_back() {
  if constexpr (!value_codec<fallback_codec<T>, T>) {
    return false;
  } else if constexpr (any_codec<codec<T>, T>) {
    return requires { requires codec<T>::guessed; };
  } else {
    return true;
  }
}

template <class T, class... Seen>
constexpr bool codable_part();

template <class... Seen, class... Parts>
constexpr bool codable_parts(type_list<Parts...>) {
  return (codable_part<std::remove_cv_t<Parts>, Seen...>() && ...);
}

// Whether codec<T> can do it. A type that contains itself is asked about once: the models choose by the outside of a
// type, only this function looks inside.
template <class T, class... Seen>
constexpr bool has_codec() {
  if constexpr (!any_codec<codec<T>, T>) {
    return false;
  } else if constexpr (requires { typename codec<T>::parts; }) {
    return codable_parts<T, Seen...>(typename codec<T>::parts());
  } else {
    return true;
  }
}

// Parts are values: nobody would hold what a view inside of another value refers to.
template <class T, class... Seen>
constexpr bool codable_part() {
  if constexpr ((std::same_as<T, Seen> || ...)) {
    return true;
  } else if constexpr (value_codec<codec<T>, T> && has_codec<T, Seen...>()) {
    return true;
  } else {
    return may_fall_back<T>();
  }
}

// A model of last resort knows less of the type than an adapter does.
template <class T>
constexpr bool prefers_fallback() {
  if constexpr (!may_fall_back<T>()) {
    return false;
  } else if constexpr (has_codec<T>()) {
    return requires { requires codec<T>::last_resort; };
  } else {
    return true;
  }
}

template <class T>
struct chosen_codec {
  using type = codec<T>;
};
template <class T>
requires(prefers_fallback<T>()) struct chosen_codec<T> {
  using type = fallback_codec<T>;
};

/// The codec that is used for T.
template <class T>
using codec_of = typename chosen_codec<T>::type;

template <class T>
inline constexpr bool is_bitwise = requires {
  requires codec_of<T>::bitwise;
};

}  // namespace detail

/// A value that can be sent, and that stands alone when it arrives: what tasks give, and what values are made of.
template <class T>
concept codable_value = detail::codable_part<std::remove_cv_t<T>>();

/// What can be an argument of a task in another process: a value, or a view whose codec has a holder for it.
template <class T>
concept codable = codable_value<T> || detail::has_codec<std::remove_cv_t<T>>();

/// Appends the encoding of a value. Throws: message_too_large, codec_error for a value that cannot be sent,
/// std::bad_alloc; the bytes of the parts before may have been appended by then.
template <codable T>
void encode(byte_writer& into, const T& value) {
  detail::codec_of<std::remove_cv_t<T>>::encode(into, value);
}

/// Gives: the value that was encoded. Throws: codec_error when the bytes are not one, std::bad_alloc.
template <codable_value T>
T decode(byte_reader& from) {
  using codec_type = detail::codec_of<std::remove_cv_t<T>>;
  if constexpr (requires { typename codec_type::parts; }) {
    return codec_type::decode(from);
  } else {
    const detail::nesting_depth::level deeper(from.depth());  // a stranger's codec may call us again
    return codec_type::decode(from);
  }
}

}}  // namespace workpool::v0
