#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <span>
#include <utility>
#include <workpool/detail/posix/large_pages.hpp>
#include <workpool/detail/spare_blocks.hpp>

namespace workpool { inline namespace v0 {

/// A block of bytes that grows without being written first and, where it is large, without being copied: the system
/// moves its pages.
/// Threads: one at a time.
class byte_buffer {
 public:
  byte_buffer() noexcept = default;
  /// A copy. Throws: std::bad_alloc.
  explicit byte_buffer(std::span<const std::byte> bytes) { assign(bytes); }
  byte_buffer(byte_buffer&& other) noexcept { swap(other); }
  byte_buffer& operator=(byte_buffer&& other) noexcept {
    byte_buffer(std::move(other)).swap(*this);
    return *this;
  }
  ~byte_buffer() { detail::spare_blocks::give({data_, block_}); }

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  std::byte* begin() noexcept { return data_; }
  const std::byte* begin() const noexcept { return data_; }
  std::byte* end() noexcept { return data_ + size_; }
  const std::byte* end() const noexcept { return data_ + size_; }

  /// Room for so many bytes altogether, and for no more. Throws: std::bad_alloc, and then nothing has changed.
  void reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    if (capacity > std::numeric_limits<std::ptrdiff_t>::max()) throw std::bad_alloc();
    if (data_ == nullptr) take_block(detail::spare_blocks::take(capacity));
    if (capacity > block_) {
      void* const larger = std::realloc(data_, capacity);
      if (larger == nullptr) throw std::bad_alloc();
      take_block({larger, capacity});
      detail::ask_for_large_pages(data_, capacity);
    }
    capacity_ = capacity;
  }

  /// The reserved bytes behind the last one, which may be written, and are no part of it until extend() says so.
  std::span<std::byte> room() noexcept { return {data_ + size_, capacity_ - size_}; }
  /// The first `count` bytes of room() have been written.
  void extend(std::size_t count) noexcept { size_ += count; }

  /// At most room().size() bytes.
  void append(std::span<const std::byte> bytes) noexcept {
    if (!bytes.empty()) std::memcpy(data_ + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  /// Keeps the first `count` bytes, at most size().
  void cut(std::size_t count) noexcept { size_ = count; }

  /// Throws: std::bad_alloc, and then nothing has changed.
  void assign(std::span<const std::byte> bytes) {
    reserve(bytes.size());
    size_ = 0;
    append(bytes);
  }

  void swap(byte_buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(block_, other.block_);
  }

  friend bool operator==(const byte_buffer& one, std::span<const std::byte> bytes) noexcept {
    return std::equal(one.begin(), one.end(), bytes.begin(), bytes.end());
  }
  friend bool operator==(const byte_buffer& one, const byte_buffer& other) noexcept {
    return one == std::span<const std::byte>(other);
  }

 private:
  void take_block(detail::spare_blocks::block block) noexcept {
    data_ = static_cast<std::byte*>(block.memory);
    block_ = block.size;
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;      // bytes
  std::size_t capacity_ = 0;  // bytes that were asked for
  std::size_t block_ = 0;     // bytes that are there: a used block may have more
};

}}  // namespace workpool::v0
