#pragma once
#include <cstddef>
#include <utility>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/core/task_ref.hpp>
#include <workpool/pool/delayed_tasks.hpp>
#include <workpool/pool/pull_order.hpp>
#include <workpool/queue/lane_order.hpp>
#include <workpool/queue/task_queue.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Withdraws what a pool has accepted and nobody has started, wherever it lies: in the queue, in the hands of workers,
/// delayed or late.
/// Threads: any. Needs no memory. Gives: how many tasks were withdrawn.
template <task_queue Queue, class Crew, class Order = pull_order<Queue, Crew>>
class purge_desk {
 public:
  purge_desk(Queue& queue, Order& order, delayed_tasks<Crew>& delayed) noexcept
      : queue_(queue), order_(order), delayed_(delayed) {}
  purge_desk(const purge_desk&) = delete;
  purge_desk& operator=(const purge_desk&) = delete;

  std::size_t purge(priority lane, outcome result) noexcept {
    std::size_t count = 0;
    const auto withdraw = [&](task_ref&& one) {
      const task_ref waiting = std::move(one);
      if (waiting.get()->withdraw(result)) ++count;
    };
    queue_.purge(lane, withdraw);
    count += delayed_.withdraw(lane, result);  // before the hands, into which what is late is dispatched
    order_.empty_hands(lane, withdraw);
    return count;
  }

  std::size_t purge_all(outcome result) noexcept {
    std::size_t count = 0;
    for (const priority lane : lane_order(0, 0)) count += purge(lane, result);
    return count;
  }

  /// The pool ends: what waits is discarded, and what comes to wait for its time from now on, too.
  void discard_all() noexcept {
    delayed_.discard();
    purge_all(outcome::discarded);
  }

 private:
  Queue& queue_;
  Order& order_;
  delayed_tasks<Crew>& delayed_;
};

}}}  // namespace workpool::v0::detail
