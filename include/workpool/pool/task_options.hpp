#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>

namespace workpool { inline namespace v0 {

/// What can be said of one task; comes first in submit, try_submit and post.
struct task_options {
  std::string_view name{};  // for messages and reports; copied
  workpool::priority priority = priority::normal;
  std::optional<duration> timeout{};  // running time, from its start; then the future ends and a stop is requested
  std::optional<duration> expires_after{};  // waiting time, from submit; 0 or less: expired at once
  std::uint64_t key = 0;                    // 0: none; what tasks have in common, for strategies and quarantine
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const task_options& checked(const task_options& options) {
  if (!is_valid(options.priority)) {
    throw bad_config("priority", "priority is " + std::to_string(static_cast<unsigned>(options.priority)) +
                                     ": use priority::critical, high, normal or low");
  }
  if (const duration timeout = options.timeout.value_or(duration::max()); timeout <= duration::zero()) {
    throw bad_config(
        "timeout", "timeout is " + std::to_string(timeout.count()) + " ns: it must be above 0 (leave it out for none)");
  }
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
  if (options.key != 0) one.details().key = options.key;
}

}  // namespace detail

}}  // namespace workpool::v0
