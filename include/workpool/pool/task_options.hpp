#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/pool/breaker_gate.hpp>
#include <workpool/resilience/circuit_breaker.hpp>

namespace workpool { inline namespace v0 {

/// What can be said of one task; comes first in submit, try_submit and post.
struct task_options {
  std::string_view name{};  // for messages and reports; copied
  workpool::priority priority = priority::normal;
  std::optional<duration> timeout{};  // running time, from its start; then the future ends and a stop is requested
  std::optional<duration> expires_after{};  // waiting time, from submit; 0 or less: expired at once
  circuit_breaker* breaker = nullptr;       // asked for leave at submit and told the outcome; must outlive the task
  std::uint64_t key = 0;                    // 0: none; what tasks have in common, for strategies and quarantine
};

namespace detail {

// Not inline: g++ 12 would warn its users of an optional that may be uninitialised, which it is not.
[[gnu::noinline]] inline void check_timeout(const task_options& options) {
  if (*options.timeout > duration::zero()) return;
  throw bad_config("timeout", "timeout is " + std::to_string(options.timeout->count()) +
                                  " ns: it must be above 0 (leave it out for none)");
}

}  // namespace detail

/// Gives: the options. Throws: bad_config, naming the field.
inline const task_options& checked(const task_options& options) {
  if (!is_valid(options.priority)) {
    throw bad_config("priority", "priority is " + std::to_string(static_cast<unsigned>(options.priority)) +
                                     ": use priority::critical, high, normal or low");
  }
  if (options.timeout) detail::check_timeout(options);
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
  if (options.key != 0) one.details().key = options.key;
}

}  // namespace detail

}}  // namespace workpool::v0
