#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Memory that several processes have, each under an address of its own, and that stays as it is when one of them dies.
/// Its size is sealed: none of them can take it from the others.
/// Threads: as what lies in it. Memory: of what was never written none; pages are made by the first write.
class shared_memory {
 public:
  /// An empty one.
  shared_memory() noexcept = default;
  shared_memory(shared_memory&& other) noexcept { swap(other); }
  shared_memory& operator=(shared_memory&& other) noexcept {
    shared_memory(std::move(other)).swap(*this);
    return *this;
  }
  ~shared_memory() {
    if (start_ != nullptr) ::munmap(start_, size_);
  }

  /// Gives: the descriptor of `size` bytes of zeros, closed on exec; empty, with errno, where there are none to be had.
  static unique_fd make(std::size_t size) noexcept {
    unique_fd made = above_stdio(unique_fd(::memfd_create("workpool", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
    if (!made || ::ftruncate(made.get(), static_cast<off_t>(size)) != 0) return {};
    if (::fcntl(made.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return {};
    return made;
  }
  /// Gives: the first `size` bytes of what is behind `descriptor`, which is not needed any more; empty, with errno,
  /// where that is no memory.
  static shared_memory of(int descriptor, std::size_t size) noexcept {
    shared_memory made;
    void* const start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (start != MAP_FAILED) made.start_ = start, made.size_ = size;
    return made;
  }

  explicit operator bool() const noexcept { return start_ != nullptr; }
  std::size_t size() const noexcept { return size_; }
  std::span<std::byte> bytes() const noexcept { return {static_cast<std::byte*>(start_), size_}; }

  /// What lies at this place. A T may begin as zeros, and is meant for several processes.
  template <class T>
  T& as(std::size_t at = 0) const noexcept {
    static_assert(std::is_trivially_destructible_v<T> && std::is_standard_layout_v<T>);
    return *std::launder(reinterpret_cast<T*>(static_cast<std::byte*>(start_) + at));
  }

  void swap(shared_memory& other) noexcept {
    std::swap(start_, other.start_);
    std::swap(size_, other.size_);
  }

 private:
  void* start_ = nullptr;
  std::size_t size_ = 0;
};

}}}  // namespace workpool::v0::detail
