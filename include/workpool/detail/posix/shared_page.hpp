#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A page of memory that several processes have, each under an address of its own, and that stays as it is when one of
/// them dies. Its size is sealed: none of them can take it from the others.
/// Threads: as what lies in it.
class shared_page {
 public:
  static constexpr std::size_t size = 4096;  // bytes

  /// An empty one.
  shared_page() noexcept = default;
  shared_page(shared_page&& other) noexcept : start_(std::exchange(other.start_, nullptr)) {}
  shared_page& operator=(shared_page&& other) noexcept {
    shared_page(std::move(other)).swap(*this);
    return *this;
  }
  ~shared_page() {
    if (start_ != nullptr) ::munmap(start_, size);
  }

  /// Gives: the descriptor of a new page of zeros, closed on exec; empty, with errno, where there is none to be had.
  static unique_fd make() noexcept {
    unique_fd made = above_stdio(unique_fd(::memfd_create("workpool", MFD_CLOEXEC | MFD_ALLOW_SEALING)));
    if (!made || ::ftruncate(made.get(), size) != 0) return {};
    if (::fcntl(made.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return {};
    return made;
  }
  /// Gives: the page behind `descriptor`, which is not needed any more; empty, with errno, where that is none.
  static shared_page of(int descriptor) noexcept {
    shared_page made;
    void* const start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (start != MAP_FAILED) made.start_ = start;
    return made;
  }

  explicit operator bool() const noexcept { return start_ != nullptr; }

  /// What lies in it. A T may begin as zeros, and is meant for several processes.
  template <class T>
  T& as() const noexcept {
    static_assert(sizeof(T) <= size && std::is_trivially_destructible_v<T> && std::is_standard_layout_v<T>);
    return *std::launder(static_cast<T*>(start_));
  }

  void swap(shared_page& other) noexcept { std::swap(start_, other.start_); }

 private:
  void* start_ = nullptr;
};

}}}  // namespace workpool::v0::detail
