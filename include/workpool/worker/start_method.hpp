#pragma once

#include <cstdint>
#include <string_view>

namespace workpool { inline namespace v0 {

/// How a process comes by its workers.
///
/// automatic: `zygote` where worker_entry ran in main, else `fork` while this process has one thread, else unsafe_fork
///   is thrown.
/// zygote: workers are forks of a small process of the same program that was started for that; needs worker_entry.
/// fork: that process is itself a fork of this one, as it is at that moment; what other threads hold locked then stays
///   locked in every worker, so this is for processes with one thread, or who knows theirs.
/// exec: each worker is a program started afresh, this one or another; needs worker_entry.
enum class start_method : std::uint8_t { automatic, zygote, fork, exec };

constexpr std::string_view to_string(start_method method) noexcept {
  switch (method) {
    case start_method::automatic:
      return "automatic";
    case start_method::zygote:
      return "zygote";
    case start_method::fork:
      return "fork";
    case start_method::exec:
      return "exec";
  }
  return "invalid";
}

}}  // namespace workpool::v0
