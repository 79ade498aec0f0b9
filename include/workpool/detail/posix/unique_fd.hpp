#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace workpool { inline namespace v0 { namespace detail {

/// One descriptor and the duty to close it. Threads: as an int.
class unique_fd {
 public:
  unique_fd() noexcept = default;
  /// Takes `number` over; -1 is none.
  explicit unique_fd(int number) noexcept : number_(number) {}
  unique_fd(unique_fd&& other) noexcept : number_(other.release()) {}
  unique_fd& operator=(unique_fd&& other) noexcept {
    unique_fd(std::move(other)).swap(*this);
    return *this;
  }
  ~unique_fd() { reset(); }

  explicit operator bool() const noexcept { return number_ >= 0; }
  int get() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }
  void swap(unique_fd& other) noexcept { std::swap(number_, other.number_); }

  /// errno is left as it was.
  void reset() noexcept {
    if (number_ < 0) return;
    const int before = errno;
    ::close(number_);  // also where it says EINTR: on Linux the descriptor is gone then
    errno = before;
    number_ = -1;
  }

 private:
  int number_ = -1;
};

/// Gives: the same open file under a number from 3 on, closed on exec: in a host that was started with 0, 1 or 2 closed
/// a descriptor of ours must not become somebody's standard output. Empty, with errno, where there is none left.
inline unique_fd above_stdio(unique_fd one) noexcept {
  constexpr int first_free = 3;
  if (!one || one.get() >= first_free) return one;
  return unique_fd(::fcntl(one.get(), F_DUPFD_CLOEXEC, first_free));
}

}}}  // namespace workpool::v0::detail
