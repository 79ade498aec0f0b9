#pragma once
#include <type_traits>
#include <workpool/core/task_ref.hpp>
#include <workpool/queue/priority_queue.hpp>
#include <workpool/select/first_idle.hpp>

/// The choices a pool makes when its user makes none, each with its reason.
namespace workpool { inline namespace v0 { namespace detail {

/// The queue of a pool: four lanes, without waking of its own, since a pool wakes its workers by itself.
using default_queue = basic_priority_queue<task_ref, no_arrivals>;
/// The queue somebody has named; void names none.
template <class Queue>
using queue_or_default = std::conditional_t<std::is_void_v<Queue>, default_queue, Queue>;

/// Whoever is free takes the next task: nothing is faster (35 ns a task; a choice per task costs 109 to 132), and
/// nothing balances better.
using default_selection = select::first_idle;

/// How often a worker looks for work again before it parks. A look costs about 0.2 µs, a wake 3 to 60 µs. Longer is
/// worse where the cores are few: with 256 looks two workers that had nothing to do kept the submitter from its core,
/// and a round trip took 5.6 µs instead of 1.3.
inline constexpr unsigned looks_before_parking = 32;

}}}  // namespace workpool::v0::detail
