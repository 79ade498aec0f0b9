#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace workpool { inline namespace v0 { namespace detail {

/// Numbers and texts one after the other, for processes of one machine: numbers as they lie in memory, each text behind
/// its length.
class string_writer {
 public:
  template <class Number>
  string_writer& number(Number value) {
    static_assert(std::is_arithmetic_v<Number> || std::is_enum_v<Number>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  string_writer& text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    bytes_.append(value);
    return *this;
  }

  const std::string& bytes() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

/// Reads what string_writer wrote, and whatever else: nothing beyond the end is looked at, no length is believed.
/// After the first thing that is not there everything is 0 or empty, and ok() is false.
class string_reader {
 public:
  explicit string_reader(std::string_view bytes) noexcept : left_(bytes) {}

  template <class Number>
  Number number() noexcept {
    static_assert(std::is_arithmetic_v<Number> || std::is_enum_v<Number>);
    Number value{};
    const std::string_view found = take(sizeof value);
    if (ok_) std::memcpy(&value, found.data(), sizeof value);
    return value;
  }
  std::string_view text() noexcept { return take(number<std::uint32_t>()); }
  std::string_view rest() noexcept { return take(left_.size()); }

  bool ok() const noexcept { return ok_; }
  /// Everything was there, and nothing more.
  bool exact() const noexcept { return ok_ && left_.empty(); }

 private:
  std::string_view take(std::size_t size) noexcept {
    ok_ = ok_ && size <= left_.size();
    if (!ok_) return {};
    const std::string_view found = left_.substr(0, size);
    left_.remove_prefix(size);
    return found;
  }

  std::string_view left_;
  bool ok_ = true;
};

}}}  // namespace workpool::v0::detail
