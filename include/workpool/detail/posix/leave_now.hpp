#pragma once
#include <unistd.h>

namespace workpool { inline namespace v0 { namespace detail {

/// Ends the process without a word to anybody: what the host has registered for its exit is the host's business.
[[noreturn]] inline void leave_now(int code) noexcept { ::_exit(code); }

/// The number of this process.
inline int own_pid() noexcept { return static_cast<int>(::getpid()); }

}}}  // namespace workpool::v0::detail
