#pragma once
#include <unsupported/Eigen/CXX11/ThreadPool>

#include <cstddef>
#include <future>
#include <memory>
#include <string>
#include <utility>

namespace bench::peers {

/// Eigen::ThreadPool, whose workers spin before they sleep unless told otherwise. The queue of a worker has 1024
/// places; when it is full, the thread that schedules runs the task. Results by std::packaged_task, in shared memory
/// since its tasks are std::function.
class eigen_pool {
 public:
  static std::string version() {
    return std::to_string(EIGEN_WORLD_VERSION) + "." + std::to_string(EIGEN_MAJOR_VERSION) + "." +
           std::to_string(EIGEN_MINOR_VERSION);
  }

  explicit eigen_pool(std::size_t workers) : pool_(static_cast<int>(workers)) {}

  template <class F>
  void post(F body) {
    pool_.Schedule(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    auto task = std::make_shared<std::packaged_task<decltype(body())()>>(std::move(body));
    auto result = task->get_future();
    pool_.Schedule([task = std::move(task)] { (*task)(); });
    return result;
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 private:
  Eigen::ThreadPool pool_;
};

}  // namespace bench::peers
