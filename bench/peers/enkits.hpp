#pragma once
#include <enkiTS/TaskScheduler.h>

#include <cstddef>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace bench::peers {

/// enki::TaskScheduler with `workers` threads beside the one that makes it, which is its thread 0 and runs tasks itself
/// when its pipe of 256 is full or it waits. A posted task is deleted by a completion action.
class enkits_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit enkits_pool(std::size_t workers) {
    enki::TaskSchedulerConfig config;
    config.numTaskThreadsToCreate = static_cast<std::uint32_t>(workers);
    pool_.Initialize(config);
  }

  template <class F>
  void post(F body, enki::TaskPriority priority = enki::TASK_PRIORITY_HIGH) {
    auto* const made = new posted_task<F>(std::move(body));
    made->m_Priority = priority;
    pool_.AddTaskSetToPipe(made);
  }
  template <class F>
  auto submit(F body) {
    auto made = std::make_unique<waited_task<F>>(std::move(body), &pool_);
    pool_.AddTaskSetToPipe(made.get());
    return made;
  }
  template <class Task>
  static auto get(Task& result) {
    result->pool->WaitforTask(result.get());
    return result->value;
  }

 private:
  struct deletion : enki::ICompletable {
    enki::Dependency dependency;
    void OnDependenciesComplete(enki::TaskScheduler* pool, std::uint32_t thread) override {
      ICompletable::OnDependenciesComplete(pool, thread);
      delete dependency.GetDependencyTask();
    }
  };

  template <class F>
  struct posted_task : enki::ITaskSet {
    F body;
    deletion end;
    explicit posted_task(F&& given) : body(std::move(given)) { end.SetDependency(end.dependency, this); }
    void ExecuteRange(enki::TaskSetPartition, std::uint32_t) override { body(); }
  };

  template <class F>
  struct waited_task : enki::ITaskSet {
    F body;
    enki::TaskScheduler* pool;
    decltype(std::declval<F&>()()) value{};
    waited_task(F&& given, enki::TaskScheduler* on) : body(std::move(given)), pool(on) {}
    void ExecuteRange(enki::TaskSetPartition, std::uint32_t) override { value = body(); }
  };

  enki::TaskScheduler pool_;
};

}  // namespace bench::peers
