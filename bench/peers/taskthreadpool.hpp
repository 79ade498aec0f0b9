#pragma once
#include <cstddef>
#include <string>
#include <task_thread_pool.hpp>
#include <utility>

namespace bench::peers {

/// task_thread_pool; submit_detach without a result, submit with a std::future.
class taskthreadpool_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit taskthreadpool_pool(std::size_t workers) : pool_(static_cast<unsigned>(workers)) {}

  template <class F>
  void post(F body) {
    pool_.submit_detach(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return pool_.submit(std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 private:
  task_thread_pool::task_thread_pool pool_;
};

}  // namespace bench::peers
