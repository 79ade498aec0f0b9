#pragma once
#include <cstdint>
#include <random>
#include <workpool/detail/mix64.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Numbers without a pattern that matters, for choices among few: 8 bytes, unlike the better engines of <random>, since
/// every retry may have one. Equal seeds give equal numbers on every platform; seed 0 is replaced by a fresh one.
/// Threads: one at a time. Source: SplitMix64, as mix64().
class random_source {
 public:
  /// Throws: for seed 0 what std::random_device throws where the system has no entropy to give.
  explicit random_source(std::uint64_t seed = 0) : state_(seed != 0 ? seed : fresh()) {}

  std::uint64_t next() noexcept {
    state_ += 0x9e3779b97f4a7c15U;
    return mix64(state_);
  }

  /// Gives: 0 … n - 1, each as often as the others but for n / 2⁶⁴. `n` must not be 0.
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }

  /// Gives: 0 up to, and not, 1.
  double fraction() noexcept { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  static std::uint64_t fresh() {
    std::random_device entropy;
    return std::uint64_t{entropy()} << 32 | entropy();
  }

  std::uint64_t state_;
};

}}}  // namespace workpool::v0::detail
