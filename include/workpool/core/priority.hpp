#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace workpool { inline namespace v0 {

/// Which lane of the queue a task waits in, most urgent first.
/// Order: critical and high overtake everything that has not started; normal overtakes low.
enum class priority : std::uint8_t { critical, high, normal, low };

/// How many priorities, and so lanes, there are.
inline constexpr std::size_t priority_count = 4;

/// Whether a value is one of the four, for numbers that came from outside.
constexpr bool is_valid(priority level) noexcept { return static_cast<std::size_t>(level) < priority_count; }

/// The index of a valid priority's lane, 0 being the most urgent.
constexpr std::size_t lane_index(priority level) noexcept { return static_cast<std::size_t>(level); }

constexpr std::string_view to_string(priority level) noexcept {
  switch (level) {
    case priority::critical:
      return "critical";
    case priority::high:
      return "high";
    case priority::normal:
      return "normal";
    case priority::low:
      return "low";
  }
  return "invalid";
}

}}  // namespace workpool::v0
