#pragma once
#include <mutex>
#include <string>
#include <workpool/config.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/worker/this_worker.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Which threads that run tasks sleep until which task is settled: enough to find a cycle before it closes.
///
/// A sleeping thread holds up all tasks on its stack. Whoever is about to sleep follows task → the thread that has it
/// on its stack → the task that thread waits for, and so on; arriving at its own stack means that nobody would ever
/// wake. Whoever has a part of a bulk on its stack holds up the bulk. Only waits without a limit count, and none for a
/// task with a timeout of its own, or for one that is settled and whose waiter is just waking up. All pools share one
/// graph, so a cycle may lead through several. Threads: any. Cost: one lock per sleep, and a walk over what sleeps.
class wait_graph {
  struct edge {
    const run_frame* from;
    const task* to;
    edge* next;
    edge* previous;
  };

 public:
  /// In the graph as long as it lives.
  class waiting {
   public:
    /// `from` may be nullptr: a thread that runs no task holds up nobody.
    /// Throws: would_deadlock, naming the cycle.
    waiting(wait_graph& graph, const run_frame* from, const task& to)
        : graph_(graph), edge_{to.timeout() == duration::max() ? from : nullptr, &to, nullptr, nullptr} {
      if (edge_.from == nullptr) return;
      const std::lock_guard hold(graph_.mutex_);
      graph_.refuse_cycle(edge_);
      edge_.next = graph_.first_;
      if (edge_.next != nullptr) edge_.next->previous = &edge_;
      graph_.first_ = &edge_;
    }
    waiting(const waiting&) = delete;
    waiting& operator=(const waiting&) = delete;
    ~waiting() {
      if (edge_.from == nullptr) return;
      const std::lock_guard hold(graph_.mutex_);
      (edge_.previous != nullptr ? edge_.previous->next : graph_.first_) = edge_.next;
      if (edge_.next != nullptr) edge_.next->previous = edge_.previous;
    }

   private:
    wait_graph& graph_;
    edge edge_;
  };

 private:
  static bool holds_up(const run_frame* stack, const task& one) noexcept {
    for (; stack != nullptr; stack = stack->beneath) {
      if (stack->running == &one || &stack->running->whole() == &one) return true;
    }
    return false;
  }

  const edge* edge_that_holds_up(const task& one) const noexcept {
    for (const edge* known = first_; known != nullptr; known = known->next) {
      if (!known->to->settled() && holds_up(known->from, one)) return known;
    }
    return nullptr;
  }

  void refuse_cycle(const edge& closing) const {
    const edge* next = &closing;
    while (next != nullptr && !holds_up(closing.from, *next->to)) next = edge_that_holds_up(*next->to);
    if (next == nullptr) return;
    const task& self = *closing.from->running;
    std::string text = self.describe() + " waits for ";
    text += closing.to == &self ? "itself" : closing.to->describe();
    const task* last = closing.to;
    for (next = &closing; !holds_up(closing.from, *last);) {
      next = edge_that_holds_up(*last);
      last = next->to;
      text += ", which waits for " + last->describe();
    }
    if (last != &self) text += ", which waits for " + self.describe();
    raise(errc::would_deadlock, text);
  }

  std::mutex mutex_;
  edge* first_ = nullptr;
};

/// The one graph. Lives as long as the process, since threads may wait during static destruction.
WORKPOOL_ONE_PER_PROCESS inline wait_graph& all_waits() {
  static auto* const graph = new wait_graph();
  return *graph;
}

}}}  // namespace workpool::v0::detail
