#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <workpool/ipc/buffer_share.hpp>

namespace workpool { inline namespace v0 {

/// Memory that a pool's workers and its host both see, however large: it is passed to a task, or given by one, without
/// being copied. The pool makes it (make_buffer), and a task does (this_worker::make_buffer).
///
///     auto picture = jobs.make_buffer(64 << 20);
///     fill(picture.span());
///     jobs.submit(&sharpen, picture).get();        // the bytes are where they were
///
/// Every copy refers to the same bytes, here and in the workers. They are freed when nobody refers to them any more,
/// also where a worker died that did. Who writes while somebody else reads has to agree with them on it, as with
/// threads; that a task was submitted, and that its result is there, are such agreements; that it was cancelled, or ran
/// out of time, is none: it may write until its worker has ended, also while a further attempt of it runs. A worker
/// that writes past the end dies of it, and nobody else is touched. Threads: as a std::shared_ptr; the bytes as any
/// memory. Memory: whole pages; a fork of this process does not have the bytes.
class shared_buffer {
 public:
  /// None.
  shared_buffer() noexcept = default;
  explicit shared_buffer(std::shared_ptr<detail::buffer_share> share) noexcept : share_(std::move(share)) {}

  explicit operator bool() const noexcept { return share_ != nullptr; }
  /// Units: bytes.
  std::size_t size() const noexcept { return share_ ? static_cast<std::size_t>(share_->place().size) : 0; }

  /// The bytes, which begin as zeros, at the begin of a page; empty for none. Good as long as a copy of this buffer is
  /// there. Throws: std::bad_alloc where this process has no addresses left.
  std::span<std::byte> span() const { return share_ ? share_->bytes() : std::span<std::byte>(); }

  /// The same as an array of so many T as there is room for. Throws: as span().
  template <class T>
  std::span<T> as() const {
    static_assert(std::is_trivially_copyable_v<T>,
                  "workpool: only arrays of trivially copyable types can be shared between processes");
    const std::span<std::byte> bytes = span();
    return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
  }

  /// Whether both refer to the same bytes.
  friend bool operator==(const shared_buffer&, const shared_buffer&) = default;

  const std::shared_ptr<detail::buffer_share>& share() const noexcept { return share_; }

 private:
  std::shared_ptr<detail::buffer_share> share_;
};

}}  // namespace workpool::v0
