#pragma once
#include <array>
#include <workpool/core/priority.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// In which order a pick looks at the lanes: a pure decision of the pick's number.
/// Every `aging`-th pick starts at the lowest lane, so that a busy high lane cannot starve a low one for ever;
/// aging 0 is strict.
constexpr std::array<priority, priority_count> lane_order(unsigned pick, unsigned aging) noexcept {
  using enum priority;
  if (aging != 0 && pick % aging == aging - 1) return {low, normal, high, critical};
  return {critical, high, normal, low};
}

}}}  // namespace workpool::v0::detail
