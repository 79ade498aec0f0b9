#pragma once
#include <cmath>
#include <cstddef>
#include <limits>
#include <mutex>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/clock_ref.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/spin_lock.hpp>

namespace workpool { inline namespace v0 {

struct rate_limiter_options {
  double per_second = 0;  // how many in the long run; has to be said
  std::size_t burst = 1;  // how many at once after a rest
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const rate_limiter_options& checked(const rate_limiter_options& options) {
  if (!(options.per_second > 0.0) || options.per_second > std::numeric_limits<double>::max()) {
    throw bad_config("per_second", "per_second is " + std::to_string(options.per_second) +
                                       ": say how many a second, a positive number");
  }
  if (options.burst == 0) throw bad_config("burst", "burst is 0: nothing would ever get through; give at least 1");
  return options;
}

/// Lets so many through per second, and after a rest so many at once: never more than burst + per_second · t in a time
/// t.
///
/// Threads: any; who comes first is served first where the clock can tell. Blocks: never. Throws: bad_config from the
/// constructor, the rest nothing. A clock that is passed in must outlive the limiter.
/// Source: the generic cell rate algorithm, a token bucket that keeps only the time at which it is full again.
class rate_limiter {
 public:
  explicit rate_limiter(rate_limiter_options options) : options_(checked(options)), full_at_(clock_.now()) {}
  template <monotonic_clock Clock>
  rate_limiter(rate_limiter_options options, Clock& clock)
      : options_(checked(options)), clock_(clock), full_at_(clock_.now()) {}
  rate_limiter(const rate_limiter&) = delete;
  rate_limiter& operator=(const rate_limiter&) = delete;

  /// Gives: whether n more may go; all of them or none. More than burst never may.
  bool try_acquire(std::size_t n = 1) noexcept {
    const time_point now = clock_.now();
    const std::lock_guard hold(lock_);
    if (full_at_ < now) {
      full_at_ = now;
      fraction_ = 0.0;
    }
    const double until_full = static_cast<double>((full_at_ - now).count()) + fraction_;
    const double missing = until_full * options_.per_second / ns_per_second;
    if (missing + static_cast<double>(n) > static_cast<double>(options_.burst)) return false;
    const double refill = static_cast<double>(n) / options_.per_second * ns_per_second + fraction_;
    const double whole = std::floor(refill);
    fraction_ = refill - whole;
    full_at_ = after(full_at_, whole < longest ? duration(static_cast<duration::rep>(whole)) : duration::max());
    return true;
  }

 private:
  static constexpr double ns_per_second = 1e9;
  static constexpr double longest = 0x1p63;

  const rate_limiter_options options_;
  const detail::clock_ref clock_;
  detail::spin_lock lock_;
  time_point full_at_;     // when nothing is missing any more; guarded by lock_
  double fraction_ = 0.0;  // of a nanosecond, beyond full_at_: kept, or high rates would be rounded to others
};

}}  // namespace workpool::v0
