#pragma once
#include <string>
#include <workpool/core/errc.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/pool/pool_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Tells the submitter why his task was not accepted: which pool, which option, its value, and what would help.
/// Throws: the error of `reason`, always.
[[noreturn]] inline void refuse(errc reason, const pool_options& options) {
  const std::string who = "pool '" + options.name + "' ";
  const std::string capacity = std::to_string(options.queue.capacity);
  switch (reason) {
    case errc::queue_full:
      raise(reason, who + "has no room: queue.capacity " + capacity +
                        " is reached and queue.on_full does not wait; raise the capacity, or let on_full block");
    case errc::enqueue_timeout:
      raise(reason, who + "had no room within queue.block_for " +
                        in_words(options.queue.block_for.value_or(duration::zero())) + ": queue.capacity " + capacity +
                        " is reached; raise either, or submit less at a time");
    case errc::would_deadlock:
      raise(reason, who + "has no room: queue.capacity " + capacity +
                        " is reached, and this thread, which works for the pool, cannot run the task itself (the "
                        "stack of a worker is used up, or its tasks run in other processes); raise queue.capacity, or "
                        "submit less from within tasks and handlers");
    case errc::circuit_open:
      raise(reason, who +
                        "was not given the task: the circuit breaker of its options lets no call through just now; "
                        "try again later, or leave out .breaker");
    case errc::pool_broken:
      raise(reason, who +
                        "has no worker left: none could be started, or lived, within its restart limit "
                        "(restart.max_restarts, restart.window); it tries again after breaker.open_for");
    case errc::task_quarantined:
      raise(reason, who +
                        "refuses tasks with this key: those before it have killed quarantine.kills workers within "
                        "quarantine.window");
    default:
      raise(reason, who + "accepts no more tasks: its shutdown has begun");
  }
}

}}}  // namespace workpool::v0::detail
