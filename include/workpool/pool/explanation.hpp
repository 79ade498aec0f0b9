#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <workpool/core/future.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task.hpp>
#include <workpool/monitor/pool_stats.hpp>
#include <workpool/pool/pool_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What is known of a pool when somebody asks why a task does not run.
struct explanation_case {
  const pool_stats& now;
  bool paused;
  bool closed;
  worker_range workers;
};

inline std::string count_of(std::size_t count, std::string_view singular) {
  return std::to_string(count) + ' ' + std::string(singular) + (count == 1 ? "" : "s");
}

/// How an attempt that was not the last one has ended.
inline std::string in_words(outcome how) {
  return how == outcome::failed ? "failed" : how == outcome::timed_out ? "timed out" : "lost its worker";
}

/// Answers in a sentence or two why `one` is not running yet: where it is, what is before it, what holds the pool up.
inline std::string explain(const task& one, const explanation_case& pool) {
  const pool_stats& now = pool.now;
  const std::string who = one.describe();
  const task_state state = one.state();
  if (state.phase() == task_phase::settled) return who + " has ended: " + std::string(to_string(state.outcome()));
  if (state.phase() == task_phase::running)
    return who + " is running" + (state.stop_requested() ? ", and was asked to stop" : "");
  if (one.delayed() && state.attempts() != 0) {
    return who + " waits for the time of attempt " + std::to_string(state.attempts() + 1) + "; attempt " +
           std::to_string(state.attempts()) + " has " + in_words(state.outcome());
  }
  if (one.delayed()) return who + " waits for its time; then it enters pool '" + now.pool + "'";

  const std::size_t own = lane_index(one.lane());
  std::size_t above = 0;
  for (std::size_t lane = 0; lane < own; ++lane) above += now.queued_by_priority[lane];
  std::string text = who + " waits in lane " + std::string(to_string(one.lane())) + " of pool '" + now.pool +
                     "' with " +
                     count_of(now.queued_by_priority[own] == 0 ? 0 : now.queued_by_priority[own] - 1, "other task") +
                     "; " + count_of(above, "task") + (above == 1 ? " waits" : " wait") + " in lanes above it.";
  const std::size_t busy = now.workers_by_state[static_cast<std::size_t>(worker_state::busy)];
  if (pool.paused) return text + " The pool is paused: nothing starts until resume().";
  text +=
      ' ' + std::to_string(busy) + " of " + count_of(now.workers, "worker") + (busy == 1 ? " is" : " are") + " busy";
  if (now.overrunning != 0) text += ", " + std::to_string(now.overrunning) + " with bodies that overrun their timeout";
  if (now.workers < pool.workers.min)
    text += "; " + std::to_string(pool.workers.min - now.workers) + " could not be started";
  if (pool.closed) text += "; a shutdown has begun";
  return text + '.';
}

}}}  // namespace workpool::v0::detail
