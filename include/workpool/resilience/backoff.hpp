#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/detail/random_source.hpp>

namespace workpool { inline namespace v0 {

struct backoff_options {
  duration initial = std::chrono::milliseconds(100);  // the first delay; 0: no delay at all
  double factor = 2.0;                                // each delay is so many times the one before; 1: constant
  duration max = std::chrono::seconds(30);            // no delay is longer; 0: no such limit
  double jitter = 0.0;  // 0 … 1: a delay is up to so much of it shorter or longer, by chance
};

/// Gives: the options. Throws: bad_config, naming the field below `owner`.
inline const backoff_options& checked(const backoff_options& options, std::string_view owner = "backoff") {
  const auto refuse = [&](std::string_view field, const std::string& value, const std::string& remedy) {
    const std::string name = std::string(owner) + "." + std::string(field);
    throw bad_config(name, name + " is " + value + ": " + remedy);
  };
  using detail::in_words;
  if (options.initial < duration::zero()) refuse("initial", in_words(options.initial), "it must be 0 or more");
  if (!(options.factor >= 1.0) || options.factor > std::numeric_limits<double>::max()) {
    refuse("factor", std::to_string(options.factor), "it must be 1 (always the same delay) or more, and finite");
  }
  if (options.max < duration::zero()) refuse("max", in_words(options.max), "it must be 0 (no limit) or more");
  if (options.max != duration::zero() && options.max < options.initial) {
    refuse("max", in_words(options.max), "it must not be below initial, which is " + in_words(options.initial));
  }
  if (!(options.jitter >= 0.0 && options.jitter <= 1.0)) {
    refuse("jitter", std::to_string(options.jitter), "it must be from 0 (none) to 1");
  }
  return options;
}

/// How long to wait before the next try: each time `factor` times as long, up to `max`; and by `jitter` shorter or
/// longer, so that many who have failed together do not come back together.
///
/// Delays never overflow: without a max they grow to duration::max() and stay there. Equal seeds give equal delays;
/// seed 0 takes a fresh one. Threads: one at a time. Throws: bad_config from the constructor, the rest nothing.
class backoff {
 public:
  explicit backoff(backoff_options options = {}, std::uint64_t seed = 0)
      : options_(checked(options)), source_(options.jitter == 0.0 && seed == 0 ? 1 : seed) {}

  duration next() noexcept {
    const double limit = static_cast<double>(longest().count());
    const double base = delay_;
    delay_ = std::min(base * options_.factor, limit);
    if (options_.jitter == 0.0) return rounded(base);
    return rounded(base * (1.0 + options_.jitter * (2.0 * source_.fraction() - 1.0)));
  }

  /// The next delay is the first one again.
  void reset() noexcept { delay_ = static_cast<double>(options_.initial.count()); }

 private:
  duration longest() const noexcept { return options_.max == duration::zero() ? duration::max() : options_.max; }

  duration rounded(double ns) const noexcept {
    if (ns >= static_cast<double>(longest().count())) return longest();  // 2⁶³ where there is no max
    return duration(static_cast<duration::rep>(ns));
  }

  backoff_options options_;
  detail::random_source source_;
  double delay_ = static_cast<double>(options_.initial.count());  // ns, before jitter; exact up to 104 days
};

}}  // namespace workpool::v0
