#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>
#include <workpool/core/crash_report.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/core/future.hpp>

#include "support/catch.hpp"

namespace workpool_test {

/// What the pool tells of a task that took its worker with it; fails where it ended in another way. Main thread only.
template <class T>
workpool::worker_lost loss_of(workpool::future<T> one) {
  try {
    one.get();
  } catch (const workpool::worker_lost& lost) {
    return lost;
  }
  FAIL("the task has not lost its worker");
  return workpool::worker_lost("");
}

/// "signal 11", "exit 3", "memory": how a worker ended, with what is known exactly.
inline std::string in_short(const workpool::crash_report& report) {
  std::string text(to_string(report.why));
  if (report.signal != 0) text += " " + std::to_string(report.signal);
  if (report.signal == 0 && report.why == workpool::crash_report::cause::exit) {
    text += " " + std::to_string(report.exit_code);
  }
  return text;
}

/// Everything that a pool told of one kind. Made before the pool and given to it, so that it outlives it.
template <class Event>
class told {
 public:
  /// A handler for on_event.
  auto ear() {
    return [this](const Event& one) {
      {
        const std::lock_guard hold(mutex_);
        all_.push_back(one);
      }
      more_.notify_all();
    };
  }
  /// Blocks until there have been `count` of them, at most 20 s. Gives: those there are.
  std::vector<Event> await(std::size_t count) {
    std::unique_lock hold(mutex_);
    more_.wait_for(hold, std::chrono::seconds(20), [&] { return all_.size() >= count; });
    return all_;
  }
  std::vector<Event> now() { return await(0); }

 private:
  std::mutex mutex_;
  std::condition_variable more_;
  std::vector<Event> all_;
};

}  // namespace workpool_test
