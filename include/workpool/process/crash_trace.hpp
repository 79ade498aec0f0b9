#pragma once

#include <workpool/config.hpp>
#include <workpool/detail/posix/alternate_stack.hpp>
#include <workpool/detail/posix/crash_handler.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Whether crashes can be traced in this build: the sanitizers have handlers of their own, which tell more.
inline constexpr bool crash_trace_possible = !WORKPOOL_UNDER_ASAN && !WORKPOOL_UNDER_TSAN;

/// Lets the calling thread report its crash also when its stack is used up. The one that installs has it already.
/// Gives: false where there is no memory for it.
inline bool trace_stack_overflow_here() noexcept { return !crash_trace_possible || use_alternate_stack(); }

/// To be called in a worker process: when it crashes it writes to `report`, a line with the signal and the address and
/// then a backtrace, one "#<n> <module>(+<offset>) [<address>]" per line for `addr2line -e <module> <offset>`, and dies
/// of that very signal. Its forks die without a report. Cost: until then, nothing. Gives: false where there will be no
/// report: under a sanitizer, or, with errno, where `report` cannot be used.
inline bool install_crash_trace(int report) noexcept {
  return crash_trace_possible && trace_stack_overflow_here() && crash_handler::install(report);
}

}}}  // namespace workpool::v0::detail
