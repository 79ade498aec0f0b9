#pragma once
#include <workpool/core/worker_info.hpp>
#include <workpool/worker/stall_watch.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// As long as it lives, a worker sleeps in the middle of a task, and its crew may have another one stand in for it.
/// Nothing for a thread that is no worker.
class absence {
 public:
  absence(stall_watch& crew, worker_id who) noexcept : crew_(crew), who_(who) {
    if (who_ != no_worker) crew_.stalled(who_);
  }
  absence(const absence&) = delete;
  absence& operator=(const absence&) = delete;
  ~absence() {
    if (who_ != no_worker) crew_.recovered(who_);
  }

 private:
  stall_watch& crew_;
  const worker_id who_;
};

}}}  // namespace workpool::v0::detail
