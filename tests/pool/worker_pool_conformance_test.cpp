#include <workpool/pool/worker_pool.hpp>

#include <atomic>
#include <concepts>
#include <memory>
#include <tuple>
#include <utility>
#include <workpool/pool/basic_fork_pool.hpp>
#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/queue/fifo_queue.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/sticky.hpp>

#include "support/shared_gate.hpp"

namespace {

/// A gate for tasks that share memory with the test.
struct thread_gate {
  struct state {
    std::atomic<bool> open{false};
    std::atomic<int> entered{0};
  };

  void enter() const {
    shared->entered.fetch_add(1);
    shared->entered.notify_all();
    shared->open.wait(false);
  }

  std::shared_ptr<state> shared;
};

class thread_test_side {
 public:
  thread_gate handle() const { return {state_}; }
  int entered() const { return state_->entered; }
  void await(int count) const {
    for (int now = 0; (now = state_->entered) < count;) state_->entered.wait(now);
  }
  void open() const {
    state_->open = true;
    state_->open.notify_all();
  }

 private:
  std::shared_ptr<thread_gate::state> state_ = std::make_shared<thread_gate::state>();
};

template <class Queue, bool ByPriority, class Selection = workpool::select::first_idle>
struct threads {
  using pool = workpool::basic_thread_pool<Selection, Queue>;
  using options = workpool::pool_options;
  using gate = thread_gate;
  using test_side = thread_test_side;
  static constexpr bool by_priority = ByPriority;
  static constexpr bool drops = std::same_as<Selection, workpool::select::first_idle>;
  static constexpr bool kills = false;
};

#ifdef WORKPOOL_TEST_FORK
template <class Queue, bool ByPriority, class Selection = workpool::select::first_idle>
struct processes {
  using pool = workpool::basic_fork_pool<Selection, Queue>;
  using options = workpool::fork_pool_options;
  using gate = workpool_test::shared_gate;
  using test_side = workpool_test::shared_gate_side;
  static constexpr bool by_priority = ByPriority;
  static constexpr bool drops = std::same_as<Selection, workpool::select::first_idle>;
  static constexpr bool kills = true;
};

/// Talks to its workers through sockets.
template <class Pool>
struct through_sockets : Pool {
  explicit through_sockets(workpool::fork_pool_options options) : Pool(changed(std::move(options))) {}

 private:
  static workpool::fork_pool_options changed(workpool::fork_pool_options options) {
    options.channel = workpool::channel_kind::socket;
    return options;
  }
};

template <class Processes>
struct by_sockets : Processes {
  using pool = through_sockets<typename Processes::pool>;
};

using process_pools = std::tuple<processes<void, true>, processes<void, true, workpool::select::round_robin>,
                                 by_sockets<processes<workpool::fifo_queue<workpool::task_ref>, false>>>;
#else
using process_pools = std::tuple<>;
#endif

using thread_pools =
    std::tuple<threads<void, true>, threads<workpool::fifo_queue<workpool::task_ref>, false>,
               threads<void, true, workpool::select::round_robin>, threads<void, true, workpool::select::sticky>>;
using worker_pool_models = decltype(std::tuple_cat(std::declval<process_pools>(), std::declval<thread_pools>()));

}  // namespace

#include "conformance/worker_pool.hpp"
