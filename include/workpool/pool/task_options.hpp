#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/pool/breaker_gate.hpp>
#include <workpool/pool/retry_plan.hpp>
#include <workpool/resilience/circuit_breaker.hpp>
#include <workpool/resilience/retry.hpp>

namespace workpool { inline namespace v0 {

/// What can be said of one task; comes first in submit, try_submit and post.
struct task_options {
  std::string_view name{};  // for messages and reports; copied
  workpool::priority priority = priority::normal;
  std::optional<duration> timeout{};  // running time of an attempt, from its start; then a stop is requested, and the
                                      // future ends, unless the task may be run again: then when the body has returned
  std::optional<duration> expires_after{};  // waiting time, from submit; 0 or less: expired at once
  retry_options retry{};                    // whether and when it is run again after a failure
  circuit_breaker* breaker = nullptr;       // asked for leave of every attempt and told its outcome; outlives the task
  std::uint64_t key = 0;                    // 0: none; what tasks have in common, for strategies and quarantine
};

namespace detail {

// Not inline: g++ 12 would warn its users of an optional that may be uninitialised, which it is not.
[[gnu::noinline]] inline void check_timeout(const task_options& options) {
  if (*options.timeout > duration::zero()) return;
  throw bad_config("timeout",
                   "timeout is " + in_words(*options.timeout) + ": it must be above 0 (leave it out for none)");
}

[[gnu::noinline]] inline void check_retry(const task_options& options) { checked(options.retry); }

}  // namespace detail

/// Gives: the options. Throws: bad_config, naming the field.
inline const task_options& checked(const task_options& options) {
  if (!is_valid(options.priority)) {
    throw bad_config("priority", "priority is " + std::to_string(static_cast<unsigned>(options.priority)) +
                                     ": use priority::critical, high, normal or low");
  }
  if (options.timeout) detail::check_timeout(options);
  detail::check_retry(options);
  return options;
}

namespace detail {

/// Writes what the options say into a task that nobody else can see yet; its lane is known already.
/// Throws: std::bad_alloc.
inline void apply(const task_options& options, task& one) {
  if (!options.name.empty()) one.details().name = options.name;
  constexpr duration none = duration::max();
  if (const duration limit = options.timeout.value_or(none); limit != none) one.details().timeout = limit;
  if (const duration limit = options.expires_after.value_or(none); limit != none) {
    one.details().expires_at = after(steady::now(), limit);
  }
  if (options.breaker != nullptr) one.set_gate(std::make_unique<breaker_gate>(*options.breaker));
  if (options.retry.max_attempts > 1) one.details().plan = std::make_unique<retry_plan>(options.retry);
  if (options.key != 0) one.details().key = options.key;
}

/// Throws: bad_config. The callable or an argument cannot be run more than once.
[[noreturn, gnu::noinline]] inline void refuse_retry(const retry_options& options) {
  throw bad_config("retry.max_attempts",
                   "retry.max_attempts is " + std::to_string(options.max_attempts) +
                       ", but the task can be run only once: an argument cannot be copied, or the callable is one that "
                       "changes itself (a mutable lambda); let it capture a std::shared_ptr and be const, or leave "
                       "retry out");
}

}  // namespace detail

}}  // namespace workpool::v0
