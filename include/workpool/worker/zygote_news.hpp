#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

#include <workpool/core/clock.hpp>
#include <workpool/detail/posix/unique_fd.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// The worker asked for runs, in its clean state. pidfd can be read when it has ended.
struct worker_born {
  std::uint64_t request = 0;
  int pid = 0;
  unique_fd pidfd{};
};

/// There is no worker for this request, and there will be none. error is an errno; what names the step that failed.
struct worker_refused {
  std::uint64_t request = 0;
  int error = 0;
  std::string what{};
};

/// A worker that was born has ended, and its process group with it. signal 0: it left by itself, with exit_code.
/// Units: max_rss in bytes.
struct worker_ended {
  std::uint64_t request = 0;
  int pid = 0;
  int exit_code = 0;
  int signal = 0;
  std::size_t max_rss = 0;
  duration cpu_time{};
};

/// The zygote is gone, and with it every worker of this session. Comes once, as the last.
struct zygote_lost {};

using zygote_news = std::variant<worker_born, worker_refused, worker_ended, zygote_lost>;

}}}  // namespace workpool::v0::detail
