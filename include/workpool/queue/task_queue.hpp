#pragma once
#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/queue/queue_options.hpp>

namespace workpool { inline namespace v0 {

/// Which task comes next: what a pool asks of its queue. A model is constructed from queue_options.
///
/// Threads: all members from any thread at the same time. User code (moves, destructors) never runs under a lock.
/// Order: a model's own, and its docstring says which.
///
/// - try_push never blocks; push_for blocks at most so long (duration::max(): without limit). Both throw
///   std::bad_alloc, and then, as with every refusal, the element is still the caller's.
/// - try_pop never blocks. An element that can be withdrawn while it waits (see below) is handed out only after its
///   take() said yes; others are thrown away.
/// - purge removes everything that waits in one lane and hands each element to the visitor. It throws what the visitor
///   throws, and then destroys the elements that are left, and nothing else.
/// - close refuses every later push and wakes blocked ones. When it has returned, everything accepted can be popped.
/// - size and sizes count what waits: never more than the capacity.
template <class Queue>
concept task_queue = std::constructible_from<Queue, const queue_options&> &&
    requires(Queue& queue, const Queue& seen, typename Queue::value_type&& element, priority lane, duration limit,
             void (&visit)(typename Queue::value_type&&)) {
  { queue.try_push(std::move(element), lane) } -> std::same_as<push_status>;
  { queue.push_for(std::move(element), lane, limit) } -> std::same_as<push_status>;
  { queue.try_pop() } -> std::same_as<std::optional<typename Queue::value_type>>;
  { queue.purge(lane, visit) } -> std::same_as<void>;
  { queue.close() }
  noexcept;
  { seen.size() }
  noexcept->std::same_as<std::size_t>;
  { seen.sizes() }
  noexcept->std::same_as<std::array<std::size_t, priority_count>>;
};

/// A queue that consumers can wait on. Pools do not: they wake their workers themselves.
template <class Queue>
concept blocking_task_queue = task_queue<Queue> && requires(Queue& queue, duration limit) {
  { queue.pop_for(limit) } -> std::same_as<std::optional<typename Queue::value_type>>;
};

/// A queue that is told when a waiting element has died, so that its place counts as free at once and not only when
/// the dead element comes to the front. It also sees to it that dead elements do not pile up.
template <class Queue>
concept forgetting_task_queue = task_queue<Queue> && requires(Queue& queue, priority lane) {
  { queue.forget(lane) }
  noexcept;
};

/// What happens at the moment of acceptance: accept(slot) is called when nothing can refuse the element any more and
/// nobody can take it out yet, retract(slot) if memory ran out after all. Both are short, run under a lock of the
/// queue, and cannot throw; calls with the same slot, which is below admission_slots, never overlap. A pool keeps its
/// books this way.
struct no_admission {
  void accept(std::size_t) const noexcept {}
  void retract(std::size_t) const noexcept {}
};
inline constexpr std::size_t admission_slots = 32;

/// A queue whose pushes take an admission as their last argument. With other queues a pool counts a task while it is
/// being pushed, so that a submitter who waits for room shows as a waiting task.
template <class Queue>
concept admitting_task_queue = task_queue<Queue> &&
    requires(Queue& queue, typename Queue::value_type&& element, priority lane, duration limit) {
  { queue.try_push(std::move(element), lane, no_admission{}) } -> std::same_as<push_status>;
  { queue.push_for(std::move(element), lane, limit, no_admission{}) } -> std::same_as<push_status>;
};

/// A queue that can promise places to several elements before the first one is pushed: all or nothing.
template <class Queue>
concept reserving_task_queue = task_queue<Queue> &&
    requires(Queue& queue, typename Queue::value_type&& element, priority lane, std::size_t count) {
  { queue.try_reserve(count) } -> std::same_as<push_status>;
  { queue.push_reserved(std::move(element), lane, no_admission{}) } -> std::same_as<push_status>;
  { queue.unreserve(count) } -> std::same_as<void>;
};

/// A queue for which a consumer that has passed a fence and called synchronize() sees every push whose thread does not
/// see, by a sequentially consistent load after it, what the consumer stored before: the two need no other fence.
template <class Queue>
concept ordering_task_queue = task_queue<Queue> && requires(const Queue& seen) {
  { seen.synchronize() }
  noexcept;
};

/// A queue from which a consumer may take several elements at a time, and start them later.
template <class Queue>
concept batching_task_queue = forgetting_task_queue<Queue> &&
    requires(Queue& queue, const Queue& seen, unsigned pick, void* pointer, priority lane,
             void (&some)(void* const*, std::size_t, priority), void (&one)(void*, priority)) {
  { queue.take_out(pick, pick, std::size_t{1}, std::size_t{1}, some) } -> std::same_as<std::size_t>;
  { seen.comes_before(lane, pick) } -> std::same_as<bool>;
  { queue.take_out_before(lane, pick, one) } -> std::same_as<void>;
  { queue.claim(pointer, lane) } -> std::same_as<std::optional<typename Queue::value_type>>;
  { queue.put_aside(pointer, lane) } -> std::same_as<typename Queue::value_type>;
};

/// The same, where an element may leave the queue without being started: `take(element)` says whether it does.
template <class Queue>
concept handing_task_queue = batching_task_queue<Queue> &&
    requires(Queue& queue, void* pointer, priority lane, bool (&take)(typename Queue::value_type&)) {
  { queue.claim(pointer, lane, take) } -> std::same_as<std::optional<typename Queue::value_type>>;
};

/// An element that somebody else may withdraw while it waits: task_ref, a pointer with an owner's manners. Whoever
/// takes one out calls take() and throws it away when the answer is no.
template <class Element>
concept withdrawable = requires(Element& element, const Element& seen) {
  { element.take() }
  noexcept->std::same_as<bool>;
  { seen.waiting() }
  noexcept->std::same_as<bool>;
  Element(seen.get());
  element.release();
};

}}  // namespace workpool::v0
