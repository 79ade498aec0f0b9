#pragma once
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/version.h>

#include <cstddef>
#include <future>
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

  template <class F>
  void post(F body) {
    arena_.enqueue(std::move(body));
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
};

}  // namespace bench::peers
