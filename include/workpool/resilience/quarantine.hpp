#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>

namespace workpool { inline namespace v0 {

/// When tasks with one key are refused, because they kill the workers they run on.
struct quarantine_options {
  unsigned kills = 0;                          // so many within `window`; 0: off
  duration window = std::chrono::seconds(60);  //
};

/// Gives: the options. Throws: bad_config, naming the field.
inline const quarantine_options& checked(const quarantine_options& options) {
  if (options.window <= duration::zero()) {
    throw bad_config("quarantine.window", "quarantine.window is " + detail::in_words(options.window) +
                                              ": it must be more than 0 (duration::max() never forgets)");
  }
  return options;
}

/// Which keys have killed too many workers lately. Key 0 is no key, and never held.
///
/// Threads: one at a time. Throws: bad_config from the constructor, std::bad_alloc from killed(). Memory: a time for
/// each kill within the window; what is older goes with the next kill.
class quarantine {
 public:
  explicit quarantine(quarantine_options options = {}) : options_(checked(options)) {}

  /// A task with this key has killed a worker. Gives: whether it is held from now on, and was not before.
  bool killed(std::uint64_t key, time_point now) {
    if (key == 0 || options_.kills == 0) return false;
    forget_old(now);
    std::deque<time_point>& times = kills_[key];
    times.push_back(now);
    return times.size() == options_.kills;
  }

  /// Whether tasks with this key are refused now.
  bool holds(std::uint64_t key, time_point now) const noexcept {
    const auto found = kills_.find(key);
    if (options_.kills == 0 || found == kills_.end()) return false;
    std::size_t recent = 0;
    for (const time_point one : found->second) recent += counts(one, now) ? 1 : 0;
    return recent >= options_.kills;
  }

 private:
  bool counts(time_point kill, time_point now) const noexcept { return remaining(now, kill) < options_.window; }

  void forget_old(time_point now) noexcept {
    for (auto next = kills_.begin(); next != kills_.end();) {
      const auto here = next++;
      std::deque<time_point>& times = here->second;
      while (!times.empty() && !counts(times.front(), now)) times.pop_front();
      if (times.empty()) kills_.erase(here);
    }
  }

  quarantine_options options_;
  std::map<std::uint64_t, std::deque<time_point>> kills_;  // by key, oldest first
};

}}  // namespace workpool::v0
