#pragma once
#include <cstdint>

namespace workpool { inline namespace v0 { namespace detail {

/// Whether a count has come to every n-th of its steps, for an n known only at run time, without a division.
/// Cost: one multiplication. Source: D. Lemire, O. Kaser, N. Kurz, "Faster remainder by direct computation" (2019), §3.
class every_nth {
 public:
  /// `n` 0: never.
  explicit constexpr every_nth(std::uint32_t n) noexcept : inverse_(n == 0 ? 1 : ~std::uint64_t{0} / n + 1) {}

  /// Whether `count` + 1 is a multiple of n.
  constexpr bool operator()(std::uint32_t count) const noexcept {
    return inverse_ * (std::uint64_t{count} + 1) <= inverse_ - 1;
  }

 private:
  std::uint64_t inverse_;  // 2^64 / n, rounded up, modulo 2^64
};

}}}  // namespace workpool::v0::detail
