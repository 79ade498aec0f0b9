#pragma once
#include <dispenso/future.h>
#include <dispenso/thread_pool.h>

#include <cstddef>
#include <future>
#include <string>
#include <utility>

namespace bench::peers {

/// dispenso::ThreadPool, told to queue each task; results by std::packaged_task, which waits without running anything.
class dispenso_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit dispenso_pool(std::size_t workers) : pool_(workers) {}

  template <class F>
  void post(F body) {
    pool_.schedule(std::move(body), dispenso::ForceQueuingTag());
  }
  template <class F>
  auto submit(F body) {
    std::packaged_task<decltype(body())()> task(std::move(body));
    auto result = task.get_future();
    pool_.schedule(std::move(task), dispenso::ForceQueuingTag());
    return result;
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 protected:
  dispenso::ThreadPool pool_;
};

/// The same as its documentation shows it first: schedule(), which runs the task on the spot when many are waiting, and
/// dispenso::Future, whose get() runs it when nobody has begun. The submitting thread is then one more that works.
class dispenso_helping_pool : public dispenso_pool {
 public:
  using dispenso_pool::dispenso_pool;

  template <class F>
  void post(F body) {
    pool_.schedule(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return dispenso::async(pool_, std::move(body));
  }
};

}  // namespace bench::peers
