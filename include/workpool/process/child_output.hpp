#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 {

/// What becomes of what a worker process writes to its standard output and its standard error.
/// forward: it passes through the host to the host's own ones, line by line, so that no two workers mix in a line.
/// inherit: workers write to the host's own ones themselves; nothing is kept of it.
/// discard: it is read and dropped. capture: the host's handler is called with every line, and nothing is forwarded.
/// Under all but inherit the last 4 KiB of standard error are kept for the crash_report.
enum class child_output : std::uint8_t { forward, inherit, discard, capture };

/// Called with every line of every worker under child_output::capture: the worker, 1 for its standard output or 2 for
/// its standard error, and the line without its newline, valid during the call. A line above 64 KiB comes in pieces.
/// One call at a time, on a thread of the pool's own, without a lock; while it runs nothing else is read, so that
/// workers that write more block. What it throws is contained and counted.
using output_handler = std::function<void(worker_id, int, std::string_view)>;

constexpr std::string_view to_string(child_output output) noexcept {
  switch (output) {
    case child_output::forward:
      return "forward";
    case child_output::inherit:
      return "inherit";
    case child_output::discard:
      return "discard";
    case child_output::capture:
      return "capture";
  }
  return "invalid";
}

}}  // namespace workpool::v0
