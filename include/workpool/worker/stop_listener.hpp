#pragma once
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <workpool/core/task.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/leave_now.hpp>
#include <workpool/detail/posix/signal_mask.hpp>
#include <workpool/ipc/frame.hpp>
#include <workpool/worker/worker_line.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Hears in a worker process that the task that is running is to stop. There is a thread for it from the first task on
/// that asks for its stop token; a worker whose tasks never do has one thread.
/// Threads: the one that runs tasks.
template <channel Channel>
class stop_listener {
 public:
  explicit stop_listener(worker_line<Channel>& line) noexcept : line_(line) {}
  stop_listener(const stop_listener&) = delete;
  stop_listener& operator=(const stop_listener&) = delete;

  /// From now on stop requests for `request` are for `running`, whatever number that has. Throws: std::system_error
  /// when there is no thread to be had.
  void listen_for(task& running, task_id request) {
    {
      const std::lock_guard hold(mutex_);
      running_ = &running;
      request_ = request;
    }
    if (!begun_) {
      const signals_blocked quiet;
      std::thread([this] { listen(); }).detach();  // it ends with the process
      begun_ = true;
    }
    changed_.notify_one();
    hear();  // what was read together with the task makes nothing readable
  }

  /// The task has returned.
  void stop_listening() noexcept {
    const std::lock_guard hold(mutex_);
    running_ = nullptr;
  }

 private:
  void listen() noexcept {
    for (;;) {
      {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [this] { return running_ != nullptr; });
      }
      line_.await_reading();
      hear();
    }
  }

  void hear() noexcept {
    bool connected = true, requested = false;
    task_id which = 0;
    try {
      connected = line_.listen([this] { return is_listening(); },
                               [&](const frame& one) {
                                 if (one.header.kind != frame_kind::stop) return false;
                                 if (is_listening(one.header.task)) requested = true, which = one.header.task;
                                 return true;
                               });
    } catch (...) {
      connected = false;
    }
    if (!connected) leave_now(0);  // nobody is left to hear of the task
    if (!requested) return;
    const std::lock_guard hold(mutex_);  // keeps the task where it is; not the line, which its body may need
    if (running_ != nullptr && request_ == which) running_->cancel();
  }

  bool is_listening() noexcept {
    const std::lock_guard hold(mutex_);
    return running_ != nullptr;
  }
  bool is_listening(task_id one) noexcept {
    const std::lock_guard hold(mutex_);
    return running_ != nullptr && request_ == one;
  }

  worker_line<Channel>& line_;
  std::mutex mutex_;
  std::condition_variable changed_;
  task* running_ = nullptr;  // guarded by mutex_
  task_id request_ = 0;      // guarded by mutex_
  bool begun_ = false;
};

}}}  // namespace workpool::v0::detail
