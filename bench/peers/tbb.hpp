#pragma once
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#include <oneapi/tbb/version.h>

#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace bench::peers {

/// A task_arena without a place for the submitting thread, fed by enqueue(). TBB starts one worker less than
/// there are cores, since it counts the caller: global_control gives it all it needs for `workers` of them.
class tbb_pool {
 public:
  static std::string version() { return TBB_runtime_version(); }

  explicit tbb_pool(std::size_t workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers + 1), arena_(static_cast<int>(workers), 0) {
    arena_.initialize();
  }
  ~tbb_pool() { group_.wait(); }

  template <class F>
  void post(F body) {
    arena_.enqueue(std::move(body));
  }
  /// To the worker's own tasks, which takes half the time that enqueue() takes inside a task.
  template <class F>
  void post_inside(F body) {
    group_.run(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    call<F> task{std::move(body), {}};
    auto result = task.promised.get_future();
    arena_.enqueue(std::move(task));
    return result;
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 private:
  // TBB has no future of its own, and runs its tasks as const.
  template <class F>
  struct call {
    F body;
    mutable std::promise<decltype(std::declval<F&>()())> promised;
    void operator()() const { promised.set_value(body()); }
  };

  tbb::global_control limit_;
  tbb::task_arena arena_;
  tbb::task_group group_;
};

/// An arena with a place for the submitting thread and a task_group in it, whose wait() runs what nobody has begun.
class tbb_helping_pool {
 public:
  static std::string version() { return TBB_runtime_version(); }

  explicit tbb_helping_pool(std::size_t workers)
      : limit_(tbb::global_control::max_allowed_parallelism, workers + 1), arena_(static_cast<int>(workers + 1), 1) {
    arena_.initialize();
  }

  template <class F>
  auto submit(F body) {
    auto made = std::make_unique<task<decltype(body())>>(this);
    arena_.execute([&] { group_.run([body = std::move(body), to = made.get()] { to->value = body(); }); });
    return made;
  }
  template <class Task>
  static auto get(Task& result) {
    result->pool->arena_.execute([&] { result->pool->group_.wait(); });
    return result->value;
  }

 private:
  template <class Value>
  struct task {
    explicit task(tbb_helping_pool* on) : pool(on) {}
    tbb_helping_pool* pool;
    Value value{};
  };

  tbb::global_control limit_;
  tbb::task_arena arena_;
  tbb::task_group group_;
};

}  // namespace bench::peers
