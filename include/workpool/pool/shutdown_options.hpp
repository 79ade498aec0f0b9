#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>

namespace workpool { inline namespace v0 {

/// What becomes of tasks that wait when a shutdown begins.
enum class pending : std::uint8_t { run, discard };

struct shutdown_options {
  duration drain = std::chrono::seconds(30);  // what waits and runs has so long to end; 0: nothing that waits runs
  workpool::pending pending = workpool::pending::run;
  bool force = true;  // bodies that run after `drain` are abandoned
};

/// What happened since the shutdown began.
struct shutdown_report {
  std::uint64_t completed = 0, discarded = 0, worker_lost = 0, abandoned = 0;  // abandoned: thread bodies left running
  bool forced = false;                                                         // something running was cut short
  duration took{};
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const shutdown_options& checked(const shutdown_options& options) {
  if (options.drain < duration::zero()) {
    throw bad_config("drain", "drain is " + detail::in_words(options.drain) +
                                  ": it must be 0 or more (duration::max() waits without limit)");
  }
  if (static_cast<unsigned>(options.pending) > static_cast<unsigned>(pending::discard)) {
    throw bad_config("pending", "pending is " + std::to_string(static_cast<unsigned>(options.pending)) +
                                    ": use pending::run or discard");
  }
  return options;
}

}}  // namespace workpool::v0
