#pragma once

#include <atomic>
#include <functional>
#include <workpool/core/task.hpp>

namespace workpool_test {

/// What has happened to a probe_task, kept where it survives the task.
struct probe_log {
  std::atomic<int> invoked{0}, dropped{0}, delivered{0}, destroyed{0};
  std::function<void(workpool::detail::task&)> on_drop, on_deliver;
  workpool::outcome last_delivered{};
};

/// A task without a callable that counts what is asked of it.
class probe_task final : public workpool::detail::task {
 public:
  explicit probe_task(probe_log& log) noexcept : log_(log) {}
  ~probe_task() override { ++log_.destroyed; }

  void invoke() override { ++log_.invoked; }
  void drop() noexcept override {
    ++log_.dropped;
    if (log_.on_drop) log_.on_drop(*this);
  }
  void deliver(workpool::outcome result) noexcept override {
    ++log_.delivered;
    log_.last_delivered = result;
    if (log_.on_deliver) log_.on_deliver(*this);
  }

 private:
  probe_log& log_;
};

}  // namespace workpool_test
