#pragma once
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/resilience/backoff.hpp>
#include <workpool/resilience/retry_budget.hpp>

namespace workpool { inline namespace v0 {

struct retry_options {
  unsigned max_attempts = 1;                       // the first one included; 1: no retry
  backoff_options backoff{};                       // from the end of an attempt to the beginning of the next
  bool on_worker_lost = true;                      // also when the attempt took its worker with it
  std::function<bool(std::exception_ptr)> when{};  // whether this error is worth another attempt; empty: every one is
  retry_budget* budget = nullptr;                  // shared by many calls; nullptr: no limit
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const retry_options& checked(const retry_options& options) {
  constexpr unsigned most = 1'000'000;
  if (options.max_attempts == 0 || options.max_attempts > most) {
    throw bad_config("retry.max_attempts", "retry.max_attempts is " + std::to_string(options.max_attempts) +
                                               ": it must be from 1 (no retry) to " + std::to_string(most));
  }
  checked(options.backoff, "retry.backoff");
  return options;
}

/// The attempts of one call: says after each that has failed whether there is to be another one, and after how long.
///
///     wp::retry tries({.max_attempts = 3});
///     for (;;) {
///       tries.begin();
///       try {
///         return fetch(url);
///       } catch (...) {
///         const auto pause = tries.next(wp::outcome::failed, std::current_exception());
///         if (!pause) throw;
///         std::this_thread::sleep_for(*pause);
///       }
///     }
///
/// Threads: one at a time. Throws: bad_config from the constructor, and next() what `when` throws.
class retry {
 public:
  /// `seed`: of the backoff's jitter; 0 takes a fresh one.
  explicit retry(retry_options options, std::uint64_t seed = 0)
      : options_((checked(options), std::move(options))), backoff_(options_.backoff, seed) {}

  /// Which attempt it is: 0 before the first one, then 1, 2, …
  unsigned attempt() const noexcept { return attempt_; }
  unsigned max_attempts() const noexcept { return options_.max_attempts; }

  /// The next attempt begins.
  void begin() noexcept {
    if (attempt_++ == 0 && options_.budget != nullptr) options_.budget->deposit();
  }

  /// The attempt has ended so. Gives: how long to wait before the next one; nothing when there is none, because it has
  /// not failed, was cancelled, was the last one, because the wait would not be shorter than `most`, or because `when`
  /// or the budget say so, in this order. `when` is asked with what the attempt threw, or task_timeout or worker_lost.
  std::optional<duration> next(outcome how, std::exception_ptr error, duration most = duration::max()) {
    if (!is_worth_it(how) || attempt_ >= options_.max_attempts) return std::nullopt;
    const duration pause = backoff_.next();
    if (pause >= most) return std::nullopt;
    if (options_.when && !options_.when(error ? std::move(error) : error_for(how))) return std::nullopt;
    if (options_.budget != nullptr && !options_.budget->try_withdraw()) return std::nullopt;
    return pause;
  }

 private:
  bool is_worth_it(outcome how) const noexcept {
    return how == outcome::failed || how == outcome::timed_out ||
           (how == outcome::worker_lost && options_.on_worker_lost);
  }

  static std::exception_ptr error_for(outcome how) {
    if (how == outcome::timed_out)
      return std::make_exception_ptr(task_timeout("the attempt ran longer than its timeout"));
    return std::make_exception_ptr(worker_lost("the worker that ran the attempt ended"));
  }

  retry_options options_;
  backoff backoff_;
  unsigned attempt_ = 0;
};

}}  // namespace workpool::v0
