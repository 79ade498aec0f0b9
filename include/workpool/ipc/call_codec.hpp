#pragma once
#include <cstddef>
#include <functional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <workpool/ipc/codecs.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Says in plain words what cannot be sent, before the compiler says it in its own.
template <class T>
constexpr void check_codable() noexcept {
  static_assert(
      codable<T>,
      "workpool: this argument cannot be sent to a worker process: it is, or contains, a pointer, a reference "
      "or something else that means nothing there. Use a value type (string, vector, tuple, aggregate of at "
      "most 16 such fields without base classes ...), specialise workpool::codec<T>, or include "
      "<workpool/adapter/cereal.hpp>");
}

template <class T>
constexpr void check_codable_result() noexcept {
  static_assert(std::is_void_v<T> || codable_value<T>,
                "workpool: this result cannot be sent back from a worker process: it is, or contains, a pointer, a "
                "reference, a view or something else that means nothing here. Return a value type (string, vector, "
                "tuple, aggregate of at most 16 such fields without base classes ...), specialise workpool::codec<T>, "
                "or include <workpool/adapter/cereal.hpp>");
}

/// How many bytes of its encoding a value has in one block; 0 where that cannot be seen from outside.
template <class T>
std::size_t block_size(const T& value) noexcept {
  if constexpr (std::ranges::contiguous_range<const T> && std::ranges::sized_range<const T>) {
    using element = std::ranges::range_value_t<const T>;
    return std::is_trivially_copyable_v<element> ? std::ranges::size(value) * sizeof(element) : 0;
  } else {
    return 0;
  }
}

/// The arguments of a call, decayed, one after the other. Throws: message_too_large, codec_error, std::bad_alloc;
/// nothing is appended then.
template <class... Arguments>
void encode_arguments(byte_writer& into, const Arguments&... arguments) {
  if constexpr (!(codable<std::decay_t<const Arguments&>> && ...)) {
    (check_codable<std::decay_t<const Arguments&>>(), ...);
  } else {
    const std::size_t before = into.size();
    into.expect((block_size(arguments) + ... + 0));
    try {
      (workpool::encode<std::decay_t<const Arguments&>>(into, arguments), ...);
    } catch (...) {
      into.rewind(before);
      throw;
    }
  }
}

/// What is kept of an argument until the call: the value, or the holder of a view.
template <class Argument>
class decoded_argument {
 public:
  explicit decoded_argument(byte_reader& from) : value_(decode<Argument>(from)) {}
  Argument&& get() noexcept { return static_cast<Argument&&>(value_); }

 private:
  Argument value_;
};

template <class Argument>
requires(!codable_value<Argument>) class decoded_argument<Argument> {
 public:
  explicit decoded_argument(byte_reader& from) : held_(codec<Argument>::decode(from)) {}
  Argument get() { return codec<Argument>::view(held_); }

 private:
  typename codec<Argument>::holder held_;
};

/// The arguments of a call, decoded in their order; the types are decayed. Throws: codec_error when the message is not
/// these arguments and nothing else, std::bad_alloc.
template <class... Arguments>
class decoded_arguments {
 public:
  explicit decoded_arguments(byte_reader& from) : arguments_(from) { from.expect_end(); }
  decoded_arguments(const decoded_arguments&) = delete;
  decoded_arguments& operator=(const decoded_arguments&) = delete;

  /// Calls with each argument as an rvalue, to be done once: the callee may move from them.
  template <class Callable>
  decltype(auto) apply(Callable&& callable) {
    return arguments_.apply(std::forward<Callable>(callable), std::index_sequence_for<Arguments...>());
  }

 private:
  // Bases are initialised in their order, in place: an argument need not be movable to arrive.
  template <std::size_t Index, class Argument>
  struct numbered : decoded_argument<Argument> {
    using decoded_argument<Argument>::decoded_argument;
  };

  template <class Indices>
  struct row;
  template <std::size_t... Index>
  struct row<std::index_sequence<Index...>> : numbered<Index, Arguments>... {
    explicit row([[maybe_unused]] byte_reader& from) : numbered<Index, Arguments>(from)... {}

    template <class Callable>
    decltype(auto) apply(Callable&& callable, std::index_sequence<Index...>) {
      return std::invoke(std::forward<Callable>(callable), numbered<Index, Arguments>::get()...);
    }
  };

  row<std::index_sequence_for<Arguments...>> arguments_;
};

}}}  // namespace workpool::v0::detail
