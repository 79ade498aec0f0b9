#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <workpool/core/event.hpp>
#include <workpool/pool/remote_end.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Calls of a task that goes on; the last one was cancelled, or none.
struct calls_returned {
  task_id first = 0;
  std::uint64_t count = 0;
  priority lane = priority::normal;
  worker_id worker = 0;
  outcome last = outcome::value;
};

/// What comes of a look at the workers and is to be done when their lock is released: tasks to settle, events to tell.
struct crew_news {
  std::vector<calls_returned> returned{};
  std::vector<remote_end> ends{};
  std::vector<std::pair<task*, outcome>> withdrawn{};  // that wait, and end so; with a reference
  std::vector<event::worker_started> started{};
  std::vector<event::worker_exited> exited{};
  std::vector<event::worker_failed> failed{};
  std::optional<std::string> fault{};  // of the strategy
  bool freed = false;                  // a worker has become idle
  bool all_failed = false;             // no worker can live
  bool back = false;                   // one can
  bool changed = false;                // somebody may be waiting for it

  /// Whether there is anything to do or to tell, apart from `freed`.
  bool any() const noexcept {
    return !returned.empty() || !ends.empty() || !withdrawn.empty() || !started.empty() || !exited.empty() ||
           !failed.empty() || fault || all_failed || back || changed;
  }
};

}}}  // namespace workpool::v0::detail
