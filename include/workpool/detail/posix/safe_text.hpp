#pragma once
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace workpool { inline namespace v0 { namespace detail {

/// A line put together in a signal handler: no memory is asked for, nothing is locked. What does not fit is cut off.
class safe_text {
 public:
  safe_text& add(std::string_view text) noexcept {
    const std::size_t fits = std::min(text.size(), room_.size() - size_);
    std::copy_n(text.data(), fits, room_.data() + size_);
    size_ += fits;
    return *this;
  }
  safe_text& decimal(std::int64_t number) noexcept {
    if (number < 0) add("-");
    const auto bits = static_cast<std::uint64_t>(number);
    return digits(number < 0 ? std::uint64_t{0} - bits : bits, 10);
  }
  safe_text& hex(std::uint64_t number) noexcept { return add("0x").digits(number, 16); }

  std::string_view view() const noexcept { return {room_.data(), size_}; }

  /// Writes it, as far as the descriptor takes it. Gives: whether all of it was taken.
  bool write_to(int descriptor) const noexcept {
    for (std::size_t done = 0; done < size_;) {
      const ssize_t wrote = ::write(descriptor, room_.data() + done, size_ - done);
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) return false;
      done += static_cast<std::size_t>(wrote);
    }
    return true;
  }

 private:
  safe_text& digits(std::uint64_t number, unsigned base) noexcept {
    std::array<char, 20> reversed;
    std::size_t count = 0;
    do {
      reversed[count++] = "0123456789abcdef"[number % base];
      number /= base;
    } while (number != 0);
    while (count > 0) add({&reversed[--count], 1});
    return *this;
  }

  std::array<char, 512> room_;
  std::size_t size_ = 0;
};

}}}  // namespace workpool::v0::detail
