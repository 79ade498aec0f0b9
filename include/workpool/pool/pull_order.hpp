#pragma once
#include <cstddef>
#include <optional>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/detail/every_nth.hpp>
#include <workpool/pool/fork_desk.hpp>
#include <workpool/pool/late_tasks.hpp>
#include <workpool/queue/task_queue.hpp>
#include <workpool/worker/hands.hpp>
#include <workpool/worker/task_batch.hpp>
#include <workpool/worker/thread_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Which task a worker runs next, of the queue, of what the workers have in hand, of what they have forked, and of the
/// late tasks.
///
/// Order: what is late; what is urgent; what the worker's own tasks have submitted, the newest first; what it has in
/// hand; what another worker does not get to; the queue; what others have in hand. Now and then the queue is asked
/// before the worker's own tasks, which could go on for ever, and the oldest of those before the newest.
/// Threads: pull() by the worker that is named, the rest by any. A Crew has hands(), slots() and share().
/// Cost: a worker that goes on with its own looks at nothing that others write.
template <task_queue Queue, class Crew>
class pull_order {
 public:
  pull_order(Queue& queue, Crew& crew, late_tasks& late, fork_desk<Crew>& forks) noexcept
      : queue_(queue), crew_(crew), late_(late), forks_(forks) {}
  pull_order(const pull_order&) = delete;
  pull_order& operator=(const pull_order&) = delete;

  /// Gives: a started task for this worker to run, with a reference; nullptr when there is none.
  task* pull(thread_worker& me) {
    if (late_.any()) [[unlikely]]
      return pull_also_late(me);
    return pull_others(me);
  }

  /// Whether a pull may find something.
  bool work_in_sight() const noexcept {
    if (late_.any()) return true;
    if constexpr (batching_task_queue<Queue>) {
      return queue_.has_elements() || crew_.hands().hold_any();
    } else {
      return queue_.size() != 0 || crew_.hands().hold_any();
    }
  }

  /// The same, asked after a fence by somebody who will otherwise sleep: nothing is missed of which he is not told.
  bool work_published() const noexcept {
    if constexpr (ordering_task_queue<Queue>) queue_.synchronize();
    return work_in_sight();
  }

  /// The same for one worker: all are alike.
  bool work_for(const thread_worker&) const noexcept { return work_in_sight(); }
  bool work_published_for(const thread_worker&) const noexcept { return work_published(); }

  /// Whether something waits for a worker that does not get to it: nothing waits for any in particular.
  static constexpr bool overdue(const thread_worker&) noexcept { return false; }

  /// Takes what the workers have in hand of one lane, for nobody to run it: calls `visit(task_ref&&)` with each.
  template <class Visit>
  void empty_hands(priority lane, Visit visit) {
    if constexpr (batching_task_queue<Queue>) {
      crew_.hands().any_worker([&](thread_worker& worker) {
        while (const task_batch::found next = worker.batch.steal_of(lane)) {
          visit(queue_.put_aside(next.one, next.lane));
        }
        for (std::size_t left = lane == priority::normal ? worker.own.size() : 0; left != 0; --left) {
          if (task_ref waiting(worker.own.steal()); waiting) visit(std::move(waiting));
        }
        return false;
      });
    }
  }

 private:
  // The late ones go first, but for each 61st pick: those that come back without a pause could keep others waiting.
  [[gnu::noinline]] task* pull_also_late(thread_worker& me) {
    if (every_61st_(me.late_picks++)) {
      if (task* const next = pull_others(me)) return next;
    }
    if (task* const next = late_.pull(queue_.sizes())) return next;
    return pull_others(me);
  }

  [[gnu::always_inline]] task* pull_others(thread_worker& me) {
    if constexpr (batching_task_queue<Queue>) {
      task* next = me.own.has_newest() && nothing_else_is_due(me) ? claim_own(me) : nullptr;
      if (next == nullptr) next = pull_in_order(me);
      if (next != nullptr) ++me.picks;
      return next;
    } else {
      std::optional<task_ref> next = queue_.try_pop();
      if (!next) return forks_.take_part(me);
      if (next->waiting() && !next->take()) return nullptr;
      return next->release();
    }
  }

  // Whether a worker may go on with the newest of what its tasks have submitted: nothing is urgent, and it is neither
  // the turn of the queue nor of the oldest of them.
  bool nothing_else_is_due(const thread_worker& me) const noexcept {
    return !queue_.comes_before(priority::normal, me.picks) && !every_61st_(me.picks) &&
           (!me.own.has_older() || !every_61st_(me.picks + half_of_61));
  }

  // The order that the docstring tells, but for what is late.
  [[gnu::noinline]] task* pull_in_order(thread_worker& me) {
    const bool own = me.own.size() != 0;
    if (own || !me.batch.empty()) {
      const priority lane = own ? priority::normal : me.batch.lane();
      if (queue_.comes_before(lane, me.picks)) {
        task* next = nullptr;
        queue_.take_out_before(lane, me.picks, [&](void* one, priority from) { next = claim(one, from); });
        if (next != nullptr) return next;
      }
    }
    if (own && !every_61st_(me.picks)) {
      if (me.own.has_older() && every_61st_(me.picks + half_of_61)) {
        if (task* const next = take_left_lying(me)) return next;
      }
      if (task* const next = claim_own(me)) return next;
    }
    const auto fill = [&me](void* const* first, std::size_t count, priority lane) {
      me.batch.fill(first, count, lane);
    };
    for (;;) {
      while (const task_batch::found one = me.batch.take()) {
        if (task* const next = claim(one.one, one.lane)) return next;
      }
      if (task_batch* const left_lying = crew_.hands().idle_batch(me)) {
        if (task* const next = steal_from(*left_lying)) return next;
      }
      const std::size_t count = queue_.take_out(me.picks, me.turns++, crew_.slots(), me.most.now(), fill);
      if (count == 0) return own ? claim_own(me) : take_from_others(me);
      me.most.taken(me.picks, steady::now());
      // While they were on their way a worker that looked for them may have parked.
      if (count > 1) crew_.share();
    }
  }

  [[gnu::always_inline]] task* claim_own(thread_worker& me) {
    task* const one = me.own.pop();
    if (one == nullptr || one->start()) [[likely]]
      return one;
    one->drop_reference();  // withdrawn
    return claim_next_own(me);
  }
  [[gnu::noinline]] task* claim_next_own(thread_worker& me) {
    while (task* const one = me.own.pop()) {
      if (task* const next = claim_in_hand(one)) return next;
    }
    return nullptr;
  }

  // Gives: the oldest of what the tasks of a worker have submitted; or nullptr.
  task* take_left_lying(thread_worker& worker) {
    while (worker.own.size() != 0) {
      task* const one = worker.own.steal();
      if (one == nullptr) continue;
      if (worker.own.size() != 0) crew_.share();
      if (task* const next = claim_in_hand(one)) return next;
    }
    return nullptr;
  }

  task* take_from_others(thread_worker& me) {
    task* next = nullptr;
    crew_.hands().any_worker(
        [&](thread_worker& other) {
          if ((next = steal_from(other.batch)) != nullptr) return true;
          if ((next = forks_.take_part_of(other, me)) != nullptr) return true;
          if (other.own.has_older() || other.is_away() || me.relieves == &other) next = take_left_lying(other);
          return next != nullptr;
        },
        &me);
    me.relieves = nullptr;
    return next;
  }

  task* steal_from(task_batch& hand) {
    while (const task_batch::found one = hand.steal()) {
      if (task* const next = claim(one.one, one.lane)) return next;
    }
    return nullptr;
  }
  task* claim(void* one, priority lane) {
    std::optional<task_ref> next = queue_.claim(one, lane);
    return next ? next->release() : nullptr;
  }
  static task* claim_in_hand(task* one) {
    if (one->start()) return one;
    one->drop_reference();
    return nullptr;
  }

  Queue& queue_;
  Crew& crew_;
  late_tasks& late_;
  fork_desk<Crew>& forks_;
  const every_nth every_61st_{61};
  static constexpr unsigned half_of_61 = 30;
};

}}}  // namespace workpool::v0::detail
