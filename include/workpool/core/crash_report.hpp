#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 {

/// What is known about the death of a worker. Fields that are not known keep their defaults.
/// Units: max_rss in bytes; stderr_tail holds at most the last 4 KiB.
struct crash_report {
  enum class cause : std::uint8_t { signal, exit, memory, unresponsive, timeout, protocol, parent_gone, unknown };

  cause why = cause::unknown;
  int signal = 0;     // when why is cause::signal
  int exit_code = 0;  // when why is cause::exit
  int pid = 0;
  std::uint64_t task_id = 0;
  std::string task_name, stderr_tail, backtrace;
  unsigned attempt = 1;
  std::size_t max_rss = 0;
  duration cpu_time{};
};

constexpr std::string_view to_string(crash_report::cause cause) noexcept {
  switch (cause) {
    case crash_report::cause::signal:
      return "signal";
    case crash_report::cause::exit:
      return "exit";
    case crash_report::cause::memory:
      return "memory";
    case crash_report::cause::unresponsive:
      return "unresponsive";
    case crash_report::cause::timeout:
      return "timeout";
    case crash_report::cause::protocol:
      return "protocol";
    case crash_report::cause::parent_gone:
      return "parent_gone";
    case crash_report::cause::unknown:
      return "unknown";
  }
  return "invalid";
}

}}  // namespace workpool::v0
