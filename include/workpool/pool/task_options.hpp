#pragma once
#include <string>
#include <string_view>
#include <workpool/core/error.hpp>
#include <workpool/core/priority.hpp>

namespace workpool { inline namespace v0 {

/// What can be said of one task; comes first in submit, try_submit and post.
struct task_options {
  std::string_view name{};  // for messages and reports; copied
  workpool::priority priority = priority::normal;
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const task_options& checked(const task_options& options) {
  if (!is_valid(options.priority)) {
    throw bad_config("priority", "priority is " + std::to_string(static_cast<unsigned>(options.priority)) +
                                     ": use priority::critical, high, normal or low");
  }
  return options;
}

}}  // namespace workpool::v0
