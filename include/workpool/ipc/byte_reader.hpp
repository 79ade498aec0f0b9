#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <workpool/core/error.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/nesting_depth.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 {

/// Reads a message from its begin to its end, and never past it. The message may be hostile.
class byte_reader {
 public:
  /// `carried`: what has come with the message.
  explicit byte_reader(std::span<const std::byte> message, const detail::carried_buffers* carried = nullptr) noexcept
      : left_(message), carried_(carried) {}
  byte_reader(const byte_reader&) = delete;
  byte_reader& operator=(const byte_reader&) = delete;

  /// The next bytes, in place. Throws: codec_error when there are fewer; none is taken then.
  std::span<const std::byte> take(std::size_t count) {
    if (count > left_.size())
      throw codec_error("a message ends too early: " + std::to_string(count) + " more bytes were announced, " +
                        std::to_string(left_.size()) + " are left; it was cut, or encoded from other types");
    const std::span<const std::byte> taken = left_.first(count);
    left_ = left_.subspan(count);
    return taken;
  }

  /// As take(), copied.
  void read(void* into, std::size_t count) {
    const std::span<const std::byte> taken = take(count);
    if (count != 0) std::memcpy(into, taken.data(), count);
  }

  /// An object from its bytes, whatever they are: not for bool, whose bytes are to be checked first.
  template <class T>
  T read_raw() {
    static_assert(std::is_trivially_copyable_v<T>, "workpool: only trivially copyable objects are their bytes");
    std::array<std::byte, sizeof(T)> bytes;
    read(bytes.data(), bytes.size());
    return std::bit_cast<T>(bytes);
  }

  /// The number of elements that follow, of which each takes so many bytes at least. Nothing may be allocated for a
  /// number that was not checked this way. Throws: codec_error when they cannot all be there.
  std::size_t read_count(std::size_t bytes_of_each) {
    const auto count = read_raw<std::uint64_t>();
    if (count > left() / bytes_of_each)
      throw codec_error("a message announces " + std::to_string(count) + " elements of at least " +
                        std::to_string(bytes_of_each) + " bytes each, but only " + std::to_string(left()) +
                        " bytes are left; it was cut, or encoded from other types");
    return static_cast<std::size_t>(count);
  }

  /// A buffer that has come with the message. Throws: codec_error where there is none.
  shared_buffer read_carried() {
    const auto number = read_raw<std::uint32_t>();
    return carried_ != nullptr ? carried_->of(number) : detail::carried_buffers().of(number);
  }

  std::size_t left() const noexcept { return left_.size(); }

  /// Throws: codec_error when something is left.
  void expect_end() const {
    if (left() != 0)
      throw codec_error("a message is " + std::to_string(left()) +
                        " bytes longer than its values: it was encoded from other types");
  }

  detail::nesting_depth& depth() noexcept { return depth_; }

 private:
  std::span<const std::byte> left_;
  const detail::carried_buffers* const carried_;
  detail::nesting_depth depth_;
};

}}  // namespace workpool::v0
