#pragma once
#include <concepts>
#include <cstdint>
#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 {

/// How something that is supervised has come to its end.
struct death {
  bool failed = false;  // a signal, a code other than 0, an exception
  duration uptime{};    // since it was started
};

/// What is to be done about a death.
struct restart_decision {
  enum class action : std::uint8_t { restart, leave, give_up };
  action what = action::leave;
  duration delay{};  // until the restart

  bool operator==(const restart_decision&) const = default;
};

/// Whether, and when, something that has ended is started again. One object for each slot.
/// Threads: one call at a time.
template <class Policy>
concept restart_policy = requires(Policy& policy, const death& end, time_point now) {
  { policy.decide(end, now) } -> std::same_as<restart_decision>;
  { policy.reset() } -> std::same_as<void>;
};

}}  // namespace workpool::v0
