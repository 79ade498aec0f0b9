#pragma once
// Its task pool saves a fifth where tasks come from outside, and costs up to a tenth where tasks post tasks: workloads
// of the second kind define this first.
#ifndef BENCH_TASKS_POST_TASKS
#define TF_ENABLE_TASK_POOL
#endif
#include <cstddef>
#include <string>
#include <taskflow/taskflow.hpp>
#include <utility>

namespace bench::peers {

/// tf::Executor; silent_async, which is the faster one without a result, and async with a std::future.
class taskflow_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit taskflow_pool(std::size_t workers) : pool_(workers) {}
  ~taskflow_pool() { pool_.wait_for_all(); }

  template <class F>
  void post(F body) {
    pool_.silent_async(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return pool_.async(std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 protected:
  tf::Executor pool_;
};

}  // namespace bench::peers
