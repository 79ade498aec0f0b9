#pragma once
#include <stop_token>
#include <utility>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>

namespace workpool { inline namespace v0 {
namespace detail {

/// The id of a thread that runs a task without being a worker of its pool.
inline constexpr worker_id no_worker = ~worker_id{0};

/// The innermost task this thread runs.
struct current_run {
  task* running = nullptr;
  worker_id worker = no_worker;
};
inline thread_local constinit current_run running_here{};

class run_scope {
 public:
  run_scope(task& one, worker_id worker) noexcept : before_(std::exchange(running_here, current_run{&one, worker})) {}
  run_scope(const run_scope&) = delete;
  run_scope& operator=(const run_scope&) = delete;
  ~run_scope() { running_here = before_; }

 private:
  const current_run before_;
};

}  // namespace detail

/// What a task may ask about where it runs. Threads: inside a task.
namespace this_worker {

/// The worker that runs this task; worker_id(-1) outside a task and on a thread that runs one for its future.
inline worker_id id() noexcept { return detail::running_here.worker; }

/// Tells when this task is asked to stop; a token that never tells outside a task. Throws: std::bad_alloc.
inline std::stop_token stop_token() {
  return detail::running_here.running == nullptr ? std::stop_token() : detail::running_here.running->stop_token();
}

}  // namespace this_worker
}}  // namespace workpool::v0
