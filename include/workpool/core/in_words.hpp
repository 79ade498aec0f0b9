#pragma once
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// A duration for a message, exactly, in the largest unit that leaves no fraction: "1500 ms", "2 s", "0 ns".
/// Throws: std::bad_alloc.
inline std::string in_words(duration some) {
  using unit = std::pair<duration::rep, const char*>;
  constexpr std::array<unit, 3> units{unit{1'000'000'000, " s"}, unit{1'000'000, " ms"}, unit{1'000, " us"}};
  if (some == duration::max()) return "duration::max()";
  for (const auto& [length, name] : units) {
    if (some != duration::zero() && some.count() % length == 0) return std::to_string(some.count() / length) + name;
  }
  return std::to_string(some.count()) + " ns";
}

/// So many of something: "1 buffer", "2 buffers". Throws: std::bad_alloc.
inline std::string in_words(std::size_t count, std::string_view noun) {
  return std::to_string(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

}}}  // namespace workpool::v0::detail
