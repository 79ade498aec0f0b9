#pragma once
#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/large_pages.hpp>
#include <workpool/ipc/carried_buffers.hpp>
#include <workpool/ipc/nesting_depth.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 {

/// Appends to a vector of bytes, up to a limit. What is there before does not count.
class byte_writer {
 public:
  /// `into` is to outlive the writer, and to be changed by nobody else meanwhile.
  /// Units: bytes this writer may append. `carried`: what goes with the message; none: nothing can.
  byte_writer(std::vector<std::byte>& into, std::size_t most, detail::carried_buffers* carried = nullptr) noexcept
      : into_(into), carried_(carried), before_(into.size()), most_(most) {}
  byte_writer(const byte_writer&) = delete;
  byte_writer& operator=(const byte_writer&) = delete;

  /// Throws: message_too_large beyond the limit, std::bad_alloc; nothing is appended then.
  void write(const void* bytes, std::size_t count) {
    expect_room(count);
    if (count == 0) return;
    expect(count);
    const auto* const first = static_cast<const std::byte*>(bytes);
    into_.insert(into_.end(), first, first + count);
  }

  /// Says that about so many bytes will be written: for many, room is made once. Throws: std::bad_alloc.
  void expect(std::size_t count) {
    constexpr std::size_t large = std::size_t{64} << 10;  // bytes; below that the vector's own growth is as good
    constexpr std::size_t around = std::size_t{4} << 10;  // bytes; what is around the block that was counted
    if (count < large || count > room() || count <= into_.capacity() - into_.size()) return;
    into_.reserve(std::max(into_.size() + count + around, 2 * into_.capacity()));
    detail::ask_for_large_pages(into_.data(), into_.capacity());
  }

  /// Throws: message_too_large when so many bytes would be too many.
  void expect_room(std::size_t count) const {
    if (count > room())
      throw message_too_large("a message of at least " + std::to_string(size()) + " + " + std::to_string(count) +
                              " bytes exceeds the limit of " + std::to_string(most_) +
                              " bytes: send less, or raise the option max_message");
  }

  /// The bytes of the object as they are.
  template <class T>
  void write_raw(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>, "workpool: only trivially copyable objects are their bytes");
    write(&value, sizeof(T));
  }

  /// Has the buffer go with the message. Throws: codec_error where it cannot, and as write().
  void carry(const shared_buffer& one) {
    write_raw(carried_ != nullptr ? carried_->add(one) : detail::carried_buffers().add(one));
  }

  /// How many bytes this writer has appended, and how many more it may.
  std::size_t size() const noexcept { return into_.size() - before_; }
  std::size_t room() const noexcept { return most_ - size(); }

  /// Takes back what was appended after size() was `size`.
  void rewind(std::size_t size) noexcept {
    if (size < this->size()) into_.resize(before_ + size);
  }

  detail::nesting_depth& depth() noexcept { return depth_; }

 private:
  std::vector<std::byte>& into_;
  detail::carried_buffers* const carried_;
  const std::size_t before_, most_;
  detail::nesting_depth depth_;
};

}}  // namespace workpool::v0
