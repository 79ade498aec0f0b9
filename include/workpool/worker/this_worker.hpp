#pragma once
#include <cstddef>
#include <stop_token>
#include <utility>
#include <workpool/config.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/ipc/buffer_maker.hpp>
#include <workpool/ipc/shared_buffer.hpp>

namespace workpool { inline namespace v0 {
namespace detail {

/// The id of a thread that runs a task without being a worker of its pool.
inline constexpr worker_id no_worker = ~worker_id{0};

/// A task that this thread runs, and the one beneath it, which waits for it. Lives on the thread's stack.
struct run_frame {
  task* running;
  worker_id worker;
  const run_frame* beneath;
};
WORKPOOL_ONE_PER_PROCESS inline thread_local constinit const run_frame* innermost_run = nullptr;

/// The worker this thread is, while it runs a task.
inline worker_id worker_here() noexcept { return innermost_run == nullptr ? no_worker : innermost_run->worker; }

class run_scope {
 public:
  run_scope(task& one, worker_id worker) noexcept : frame_{&one, worker, innermost_run} { innermost_run = &frame_; }
  run_scope(const run_scope&) = delete;
  run_scope& operator=(const run_scope&) = delete;
  ~run_scope() { innermost_run = frame_.beneath; }

 private:
  const run_frame frame_;
};

}  // namespace detail

/// What a task may ask about where it runs. Threads: inside a task.
namespace this_worker {

/// The worker that runs this task; worker_id(-1) outside a task and on a thread that runs one for its future.
inline worker_id id() noexcept { return detail::worker_here(); }

/// Which attempt of this task it is: 1, 2, …; 0 outside a task.
inline unsigned attempt() noexcept {
  return detail::innermost_run == nullptr ? 0 : detail::innermost_run->running->attempt();
}

/// Tells when this attempt is asked to stop; a token that never tells outside a task. Throws: std::bad_alloc.
inline std::stop_token stop_token() {
  return detail::innermost_run == nullptr ? std::stop_token() : detail::innermost_run->running->stop_token();
}

/// Shows that the task is alive. In a worker process the first call of a task promises one every health.timeout: a task
/// that then sends none is lost, and its worker replaced. On a thread, and outside a task, it does nothing.
inline void heartbeat() noexcept {
  if (detail::innermost_run != nullptr) detail::innermost_run->running->beat();
}

/// A new buffer of zeros that the task can give as its result, or use until it drops it; 0 bytes: none. Units: bytes.
/// Blocks: until the host has answered. Throws: message_too_large where the pool's buffer_memory is used up, or the
/// system has no memory for it; unsupported outside of a task of a fork pool; std::bad_alloc.
inline shared_buffer make_buffer(std::size_t bytes) {
  detail::buffer_maker* const maker =
      detail::innermost_run == nullptr ? nullptr : detail::innermost_run->running->buffers();
  if (maker == nullptr) {
    throw unsupported("this_worker::make_buffer was called outside of a task of a fork_pool: use the pool's own there");
  }
  return maker->make(bytes);
}

}  // namespace this_worker
}}  // namespace workpool::v0
