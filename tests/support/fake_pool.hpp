#pragma once

#include <workpool/core/task_ref.hpp>
#include <workpool/queue/task_queue.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <exception>
#include <utility>

namespace workpool_test {

/// A task that does nothing.
class fake_task final : public workpool::detail::task {
 public:
  void invoke() override {}
  void drop() noexcept override {}
};

/// A second reference to a task, as a future holds one.
class task_watch {
 public:
  explicit task_watch(const workpool::task_ref& one) noexcept : task_(one.get()) { task_->add_reference(); }
  task_watch(task_watch&& other) noexcept : task_(std::exchange(other.task_, nullptr)) {}
  task_watch& operator=(task_watch&& other) noexcept {
    std::swap(task_, other.task_);
    return *this;
  }
  ~task_watch() {
    if (task_ != nullptr) task_->drop_reference();
  }

  workpool::task_id id() const noexcept { return task_->id(); }
  workpool::priority lane() const noexcept { return task_->lane(); }
  bool waiting() const noexcept { return task_->waiting(); }
  bool settled_as(workpool::outcome end) const noexcept { return task_->settled() && task_->state().outcome() == end; }
  workpool::cancel_result cancel() noexcept { return task_->cancel(); }
  /// Starts and ends it on this thread while it lies in the queue, as get(help) does.
  void help() noexcept { task_->help(); }

 private:
  workpool::detail::task* task_;
};

/// What a queue of task_refs sees of a pool: tasks are accepted in its name, and their withdrawal is told to the queue.
template <class Queue>
class fake_pool final : public workpool::detail::task_owner {
  std::atomic<workpool::task_id> ids_{0};
  std::array<std::atomic<std::size_t>, 8> withdrawn_{};

 public:
  explicit fake_pool(const workpool::queue_options& options) : queue(options) {}

  Queue queue;

  workpool::task_ref make(workpool::priority lane) {
    auto* const made = new fake_task();
    made->describe_as(++ids_, lane);
    return workpool::task_ref(made);
  }

  workpool::push_status push(workpool::task_ref& one, workpool::duration limit = workpool::duration::zero()) {
    const workpool::priority lane = one.get()->lane();
    const ticket mine{*this, *one.get()};
    if constexpr (workpool::admitting_task_queue<Queue>) {
      return queue.push_for(std::move(one), lane, limit, mine);
    } else {
      mine.accept();
      const workpool::push_status status = queue.push_for(std::move(one), lane, limit);
      if (status != workpool::push_status::accepted) mine.retract();
      return status;
    }
  }

  /// Pushes a new task that has to be accepted; anything else ends the program.
  task_watch put(workpool::priority lane = workpool::priority::normal,
                 workpool::duration limit = workpool::duration::zero()) {
    workpool::task_ref one = make(lane);
    task_watch watch(one);
    if (push(one, limit) != workpool::push_status::accepted) std::terminate();
    return watch;
  }

  std::size_t withdrawn_as(workpool::outcome end) const noexcept { return withdrawn_[static_cast<std::size_t>(end)]; }

  void withdrawn(workpool::detail::task& one, workpool::outcome result) noexcept override {
    forget(one);
    ++withdrawn_[static_cast<std::size_t>(result)];
  }
  void run_here(workpool::detail::task& one) override {
    forget(one);
    one.drop();
    one.finish(workpool::outcome::value);
  }
  bool wait_inside(workpool::detail::task& one, workpool::time_point deadline) override {
    return one.sleep_until(deadline);
  }
  bool lets_help() const noexcept override { return true; }
  void unobserved(workpool::task_id, const std::exception_ptr&) noexcept override {}
  void retain() noexcept override {}
  void release() noexcept override {}

 private:
  struct ticket {
    fake_pool& pool;
    workpool::detail::task& one;
    void accept(std::size_t = 0) const noexcept { one.accept_by(pool); }
    void retract(std::size_t = 0) const noexcept { one.disown(); }
  };

  void forget(const workpool::detail::task& one) noexcept {
    if constexpr (workpool::forgetting_task_queue<Queue>) queue.forget(one.lane());
  }
};

}  // namespace workpool_test
