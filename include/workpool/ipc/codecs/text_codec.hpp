#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <workpool/ipc/codec.hpp>
#include <workpool/ipc/codecs/range_codec.hpp>
#include <workpool/ipc/codecs/scalar_codec.hpp>

namespace workpool { inline namespace v0 {

/// Arrives as a view of a string that lives as long as the call.
template <class Char, class Traits>
struct codec<std::basic_string_view<Char, Traits>> {
  using view_type = std::basic_string_view<Char, Traits>;
  using holder = std::basic_string<Char, Traits>;
  using parts = type_list<Char>;

  static void encode(byte_writer& into, const view_type& value) {
    into.write_raw<std::uint64_t>(value.size());
    into.write(value.data(), value.size() * sizeof(Char));
  }
  static holder decode(byte_reader& from) { return workpool::decode<holder>(from); }
  static view_type view(holder& held) noexcept { return held; }
};

namespace detail {

template <class Char>
struct c_string_codec {
  using holder = std::string;
  using parts = type_list<>;

  static void encode(byte_writer& into, Char* const& value) {
    if (value == nullptr) throw codec_error("a null char pointer is no text: send \"\" or a std::optional");
    workpool::encode(into, std::string_view(value));
  }
  static holder decode(byte_reader& from) { return workpool::decode<holder>(from); }
  static Char* view(holder& held) noexcept { return held.data(); }
};

}  // namespace detail

/// The characters up to the first zero; arrives as a pointer to a string that lives as long as the call.
template <>
struct codec<const char*> : detail::c_string_codec<const char> {};
template <>
struct codec<char*> : detail::c_string_codec<char> {};

template <>
struct codec<std::filesystem::path> {
  using text = std::filesystem::path::string_type;
  using parts = type_list<text>;

  static void encode(byte_writer& into, const std::filesystem::path& value) { workpool::encode(into, value.native()); }
  static std::filesystem::path decode(byte_reader& from) { return workpool::decode<text>(from); }
};

static_assert(codable_value<std::string> && codable_value<std::filesystem::path>);
static_assert(codable<std::string_view> && !codable_value<std::string_view>);
static_assert(codable<const char*> && !codable_value<const char*>);

}}  // namespace workpool::v0
