#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <thread>

#include <workpool/detail/posix/cgroup.hpp>
#include <workpool/detail/posix/cpu_set.hpp>

namespace workpool { inline namespace v0 {

namespace detail {

/// The smaller of what affinity allows and what the quota pays for, at least 1; `fallback` where affinity is not known.
constexpr std::size_t usable_cpus(std::size_t affinity, std::optional<std::size_t> quota,
                                  std::size_t fallback) noexcept {
  const std::size_t allowed = std::max<std::size_t>(affinity != 0 ? affinity : fallback, 1);
  return std::min(allowed, std::max<std::size_t>(quota.value_or(allowed), 1));
}

/// What `read` finds; no limit where there is not even the memory to look.
template <class Read>
std::optional<std::size_t> quota_if_readable(Read read) noexcept {
  try {
    return read();
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace detail

/// How many threads can run at once here: the CPUs the caller's affinity allows, or what the CPU quota of its control
/// groups (version 1 and 2, rounded up) is worth where that is less. At least 1.
/// Cost: reads /proc and the control groups anew each time: about 0.1 ms.
inline std::size_t default_concurrency() noexcept {
  const auto quota = detail::quota_if_readable([] { return detail::quota_concurrency(); });
  return detail::usable_cpus(detail::affinity_count(), quota, std::thread::hardware_concurrency());
}

}}  // namespace workpool::v0
