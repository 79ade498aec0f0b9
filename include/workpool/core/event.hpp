#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <tuple>

#include <workpool/core/clock.hpp>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/outcome.hpp>
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 {

/// What a pool tells about itself while it runs. A handler is attached by type: pool.on_event<event::worker_exited>(f).
/// Threads: one call at a time per handler, on whichever thread has the news.
namespace event {

struct task_started {
  task_id task;
  worker_id worker;
};
struct task_settled {
  task_id task;
  worker_id worker;
  workpool::outcome outcome;
};
/// An attempt has ended so, and there will be another one, from `next` on.
struct task_retried {
  task_id task;
  worker_id worker;
  unsigned attempt;
  workpool::outcome outcome;
  time_point next;
};
struct worker_started {
  worker_id worker;
  std::uint32_t generation;
  int pid;
};
/// A worker ended; planned when the pool wanted it to.
struct worker_exited {
  worker_id worker;
  std::uint32_t generation;
  crash_report report;
  bool planned;
};
/// A worker's slot reached its restart limit and stays empty.
struct worker_failed {
  worker_id worker;
};
/// A task failed, and nobody will ask its future.
struct unobserved_error {
  task_id task;
  std::exception_ptr error;
};
struct queue_high_water {
  std::size_t queued;
};
/// A selection strategy threw or answered out of range; at most one a second.
struct strategy_fault {
  std::string what;
};

}  // namespace event

namespace detail {

using all_events = std::tuple<event::task_started, event::task_settled, event::task_retried, event::worker_started,
                              event::worker_exited, event::worker_failed, event::unobserved_error,
                              event::queue_high_water, event::strategy_fault>;
inline constexpr std::size_t event_count = std::tuple_size_v<all_events>;

template <class Event, class... Events>
constexpr std::size_t position(const std::tuple<Events...>*) noexcept {
  std::size_t index = 0;
  static_cast<void>(((std::same_as<Event, Events> || (++index, false)) || ...));
  return index;
}

template <class Event>
inline constexpr std::size_t event_index = position<Event>(static_cast<const all_events*>(nullptr));

template <class Event>
concept pool_event = event_index<Event> < event_count;

}  // namespace detail

}}  // namespace workpool::v0
