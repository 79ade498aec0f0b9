#pragma once
#include <algorithm>
#include <cstddef>
#include <limits>
#include <mutex>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/clock_ref.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/spin_lock.hpp>

namespace workpool { inline namespace v0 {

struct retry_budget_options {
  double ratio = 0.2;       // so many retries for each call, in the long run
  double per_second = 1.0;  // and so many a second however few the calls are
  std::size_t burst = 10;   // what can be saved up, and what there is in the beginning
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const retry_budget_options& checked(const retry_budget_options& options) {
  const auto check = [](const char* field, double value) {
    if (value >= 0.0 && value <= std::numeric_limits<double>::max()) return;
    throw bad_config(field, std::string(field) + " is " + std::to_string(value) + ": it must be 0 or more, and finite");
  };
  check("ratio", options.ratio);
  check("per_second", options.per_second);
  if (options.ratio == 0.0 && options.per_second == 0.0) {
    throw bad_config("ratio",
                     "ratio and per_second are both 0: once burst is spent nothing would ever be retried; give "
                     "one of them");
  }
  if (options.burst == 0) throw bad_config("burst", "burst is 0: nothing would ever be retried; give at least 1");
  return options;
}

/// What many calls of one thing may spend on retries together. While few of them fail every retry is paid for; when all
/// of them do, what is failing gets (1 + ratio) times the load, not max_attempts times.
///
/// Threads: any. Blocks: never. Throws: bad_config from the constructor, the rest nothing. It must outlive the tasks
/// that name it; a clock that is passed in must outlive the budget.
/// Source: the retry budgets of Finagle, and of gRPC (A6, retry throttling), as one token bucket.
class retry_budget {
 public:
  explicit retry_budget(retry_budget_options options = {})
      : options_(checked(options)), tokens_(most()), seen_(clock_.now()) {}
  template <monotonic_clock Clock>
  retry_budget(retry_budget_options options, Clock& clock)
      : options_(checked(options)), clock_(clock), tokens_(most()), seen_(clock_.now()) {}
  retry_budget(const retry_budget&) = delete;
  retry_budget& operator=(const retry_budget&) = delete;

  /// A call is made for the first time.
  void deposit() noexcept {
    const std::lock_guard hold(lock_);
    tokens_ = std::min(most(), tokens_ + options_.ratio);
  }

  /// Gives: whether a call may be made once more, and then that is paid for.
  bool try_withdraw() noexcept {
    const time_point now = clock_.now();
    const std::lock_guard hold(lock_);
    if (now > seen_) {
      const double seconds = static_cast<double>((now - seen_).count()) / 1e9;
      tokens_ = std::min(most(), tokens_ + seconds * options_.per_second);
      seen_ = now;
    }
    if (tokens_ < 1.0 - rounding) return false;
    tokens_ -= 1.0;
    return true;
  }

 private:
  static constexpr double rounding = 1e-9;  // five times 0.2 is one retry

  double most() const noexcept { return static_cast<double>(options_.burst); }

  const retry_budget_options options_;
  const detail::clock_ref clock_;
  detail::spin_lock lock_;
  double tokens_;    // retries that are paid for; guarded by lock_
  time_point seen_;  // up to when per_second is in them; guarded by lock_
};

}}  // namespace workpool::v0
