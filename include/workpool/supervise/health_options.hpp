#pragma once
#include <chrono>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>

namespace workpool { inline namespace v0 {

/// How idle workers are asked whether they still answer, and how often a task that once called
/// this_worker::heartbeat() has to do so again.
struct health_options {
  duration every{};                            // between two questions; 0: none are asked
  duration timeout = std::chrono::seconds(3);  // for an answer, and between two heartbeats
  unsigned strikes = 3;                        // unanswered questions in a row until the worker is replaced
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const health_options& checked(const health_options& options) {
  if (options.every < duration::zero()) {
    throw bad_config("health.every",
                     "health.every is " + detail::in_words(options.every) + ": it must be 0 (off) or more");
  }
  if (options.timeout <= duration::zero()) {
    throw bad_config("health.timeout",
                     "health.timeout is " + detail::in_words(options.timeout) + ": it must be more than 0");
  }
  if (options.strikes == 0) {
    throw bad_config("health.strikes",
                     "health.strikes is 0: one unanswered question is the least that can be held "
                     "against a worker (health.every = 0 asks none)");
  }
  return options;
}

}}  // namespace workpool::v0
