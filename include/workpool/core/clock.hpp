#pragma once

#include <chrono>
#include <concepts>

namespace workpool { inline namespace v0 {

/// Every duration of this library. Arithmetic on deadlines saturates, so duration::max() is "for ever".
using duration = std::chrono::nanoseconds;

/// Every deadline of this library: a point on the steady clock, which no change of the wall clock moves.
using time_point = std::chrono::steady_clock::time_point;

/// A clock that never goes back and counts in time_point: `steady`, or a manual_clock in a test.
template <class Clock>
concept monotonic_clock = requires(Clock& clock) {
  typename Clock::time_point;
  requires Clock::is_steady;
  { clock.now() } -> std::convertible_to<time_point>;
};

/// The clock everything runs on unless another one is passed in.
using steady = std::chrono::steady_clock;
static_assert(monotonic_clock<steady>);

/// The point `wait` after `start`; the last (or first) one there is where the sum does not fit.
constexpr time_point after(time_point start, duration wait) noexcept {
  if (wait > duration::zero() && start > time_point::max() - wait) return time_point::max();
  if (wait < duration::zero() && start < time_point::min() - wait) return time_point::min();
  return start + wait;
}

/// How long it is from `now` to `deadline`: 0 when it has passed, duration::max() when it never comes.
constexpr duration remaining(time_point deadline, time_point now) noexcept {
  if (deadline <= now) return duration::zero();
  if (deadline == time_point::max()) return duration::max();
  if (now < time_point{} && deadline > time_point::max() + now.time_since_epoch()) return duration::max();
  return deadline - now;
}

}}  // namespace workpool::v0
