#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/detail/type_name.hpp>
#include <workpool/ipc/byte_reader.hpp>
#include <workpool/ipc/byte_writer.hpp>
#include <workpool/ipc/codecs/range_codec.hpp>
#include <workpool/ipc/codecs/scalar_codec.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What travels of an exception; of those nested in it, one each.
struct exception_words {
  std::string type, what;

  std::size_t encoded_size() const noexcept { return 2 * sizeof(std::uint64_t) + type.size() + what.size(); }
};

inline constexpr std::size_t most_nested_exceptions = 8;
inline constexpr std::size_t most_exception_text = std::size_t{64} << 10;  // bytes
inline constexpr std::size_t most_exception_type = std::size_t{4} << 10;   // bytes

/// Cuts to at most so many bytes, not within a character of UTF-8.
inline void shorten(std::string& text, std::size_t most) {
  if (text.size() <= most) return;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; };
  std::size_t end = most;
  while (end != 0 && most - end < 3 && continues(end)) --end;
  text.resize(continues(end) ? most : end);
}

/// The exception that is nested in this one, if any. By catching it, as a cast would need run-time type information.
inline std::exception_ptr nested_in(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const remote_error& remote) {
    return remote.nested();
  } catch (const std::nested_exception& outer) {
    return outer.nested_ptr();
  } catch (...) {
    return nullptr;
  }
}

/// The type that was thrown; std::throw_with_nested throws one of its own that is derived from it.
inline std::string type_of_current_exception() {
  std::string type = readable_type(name_of_current_exception());
  for (const std::string_view wrapper : {"std::_Nested_exception<", "std::__nested<", "std::__1::__nested<"}) {
    if (!type.starts_with(wrapper) || !type.ends_with('>')) continue;
    type = type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
    while (type.ends_with(' ')) type.pop_back();
  }
  return type;
}

inline exception_words words_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const remote_error& remote) {
    return {std::string(remote.type()), remote.what()};
  } catch (const std::exception& known) {
    const char* const what = known.what();
    return {type_of_current_exception(), what == nullptr ? "" : what};
  } catch (const char* text) {
    return {type_of_current_exception(), text == nullptr ? "" : text};
  } catch (const std::string& text) {
    return {type_of_current_exception(), text};
  } catch (...) {
    return {type_of_current_exception(), ""};
  }
}

/// Appends what can be told of an exception in the room there is: the name of its type, its text, and those nested in
/// it. A remote_error is passed on as it was. Throws: message_too_large when there is no room for the type and an empty
/// text, std::bad_alloc; nothing is appended then.
inline void encode_exception(byte_writer& into, const std::exception_ptr& failure) {
  if (failure == nullptr) throw codec_error("there is no exception to send");
  std::vector<exception_words> levels;
  for (std::exception_ptr one = failure; one != nullptr && levels.size() <= most_nested_exceptions;
       one = nested_in(one)) {
    exception_words words = words_of(one);
    shorten(words.type, most_exception_type);
    shorten(words.what, most_exception_text);
    levels.push_back(std::move(words));
  }
  const auto size = [&] {
    return std::transform_reduce(levels.begin(), levels.end(), sizeof(std::uint8_t), std::plus<>(),
                                 [](const exception_words& words) { return words.encoded_size(); });
  };
  while (levels.size() > 1 && size() > into.room()) levels.pop_back();
  std::string& what = levels.front().what;
  if (const std::size_t whole = size(); whole > into.room())
    shorten(what, what.size() - std::min(what.size(), whole - into.room()));

  into.expect_room(size());
  into.write_raw(static_cast<std::uint8_t>(levels.size()));
  for (const exception_words& words : levels) {
    workpool::encode(into, words.type);
    workpool::encode(into, words.what);
  }
}

/// Gives: a remote_error. Throws: codec_error when the bytes are no exception, std::bad_alloc.
inline std::exception_ptr decode_exception(byte_reader& from) {
  const auto count = from.read_raw<std::uint8_t>();
  if (count == 0 || count > most_nested_exceptions + 1)
    throw codec_error("an exception arrived with " + std::to_string(count) + " levels of nesting");
  std::vector<exception_words> levels;
  for (std::size_t n = 0; n < count; ++n) {
    auto type = workpool::decode<std::string>(from);
    auto what = workpool::decode<std::string>(from);
    levels.push_back({std::move(type), std::move(what)});
  }
  std::exception_ptr made;
  for (; !levels.empty(); levels.pop_back()) {
    exception_words& words = levels.back();
    made = std::make_exception_ptr(remote_error(std::move(words.type), words.what, made));
  }
  return made;
}

}}}  // namespace workpool::v0::detail
