#pragma once
#include <algorithm>
#include <cstdint>
#include <workpool/core/clock.hpp>
#include <workpool/detail/mix64.hpp>
#include <workpool/detail/random_source.hpp>

namespace workpool { inline namespace v0 { namespace testing {

/// What only happens in a simulation: drawn from its seed, in an order that depends on nothing else.
/// Threads: one.
class fate {
 public:
  explicit fate(std::uint64_t seed) noexcept : source_(detail::mix64(seed) | 1) {}

  bool chance(double share) noexcept { return source_.fraction() < share && !calm_; }
  /// The same of something that fails; during an outage nine times of ten.
  bool fails(double share) noexcept { return chance(outage_ ? std::max(share, 0.9) : share); }
  void set_outage(bool is) noexcept { outage_ = is; }
  /// From now on nothing goes wrong any more, and nothing is left to chance but how long things take.
  void calm_down() noexcept { calm_ = true; }

  /// Gives: up to twice the mean, and more than nothing. Uniform: no function of `<cmath>`, which may differ.
  duration around(duration mean) noexcept {
    return duration(static_cast<duration::rep>(2.0 * source_.fraction() * static_cast<double>(mean.count())) + 1);
  }

  std::uint64_t below(std::uint64_t n) noexcept { return source_.below(n); }
  std::uint64_t seed() noexcept { return source_.next() | 1; }

 private:
  detail::random_source source_;
  bool outage_ = false, calm_ = false;
};

}}}  // namespace workpool::v0::testing
