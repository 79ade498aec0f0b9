#pragma once
#include <chrono>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>

namespace workpool { inline namespace v0 {

/// When a breaker opens, and how it closes again. Every criterion that is switched on can open it.
struct circuit_breaker_options {
  unsigned failure_threshold = 5;                // so many failures in a row; 0: off
  double failure_rate = 0.0;                     // this share of the calls in the window, or more, has failed; 0: off
  unsigned window_calls = 100;                   // the window is the last so many calls; used when window_time is 0
  duration window_time{};                        // … or the calls of the last so long, kept by tenths of it
  unsigned minimum_calls = 10;                   // with fewer calls in the window no rate opens
  duration slow_call{};                          // a call that takes so long, or longer, is slow
  double slow_rate = 0.0;                        // this share of the calls in the window, or more, was slow; 0: off
  duration open_for = std::chrono::seconds(60);  // after it the next call is let through as a probe
  unsigned half_open_probes = 1;                 // so many successful probes close it; and at most so many at a time
  duration max_half_open{};  // it opens again when the probes have said nothing for so long; 0: open_for
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const circuit_breaker_options& checked(const circuit_breaker_options& options) {
  const auto refuse = [](const char* field, const std::string& value, const std::string& remedy) {
    throw bad_config(field, std::string(field) + " is " + value + ": " + remedy);
  };
  using detail::in_words;
  const auto check_rate = [&](const char* field, double rate) {
    if (!(rate >= 0.0 && rate <= 1.0)) refuse(field, std::to_string(rate), "it must be from 0 (off) to 1");
  };
  check_rate("failure_rate", options.failure_rate);
  check_rate("slow_rate", options.slow_rate);
  if (options.failure_threshold == 0 && options.failure_rate == 0.0 && options.slow_rate == 0.0) {
    refuse("failure_threshold", "0", "with failure_rate and slow_rate off as well nothing would ever open the breaker");
  }
  if (options.window_time < duration::zero())
    refuse("window_time", in_words(options.window_time), "it must be 0 or more");
  if (options.slow_call < duration::zero()) refuse("slow_call", in_words(options.slow_call), "it must be 0 or more");
  if (options.slow_rate != 0.0 && options.slow_call == duration::zero()) {
    refuse("slow_call", "0 ns", "slow_rate is on and every call would be slow; say how long a call may take");
  }
  const bool rates = options.failure_rate != 0.0 || options.slow_rate != 0.0;
  if (rates && options.window_time == duration::zero()) {
    constexpr unsigned most = 1'000'000;
    if (options.window_calls == 0 || options.window_calls > most) {
      refuse("window_calls", std::to_string(options.window_calls), "it must be 1 to " + std::to_string(most));
    }
    if (options.minimum_calls > options.window_calls) {
      refuse("minimum_calls", std::to_string(options.minimum_calls),
             "the window has only " + in_words(options.window_calls, "call") + ", and no rate would ever open");
    }
  }
  if (options.open_for < duration::zero()) refuse("open_for", in_words(options.open_for), "it must be 0 or more");
  if (options.half_open_probes == 0) refuse("half_open_probes", "0", "nothing could close the breaker again");
  if (options.max_half_open < duration::zero()) {
    refuse("max_half_open", in_words(options.max_half_open), "it must be 0 (as open_for) or more");
  }
  return options;
}

}}  // namespace workpool::v0
