#pragma once
#include <BS_thread_pool.hpp>
#include <cstddef>
#include <string>
#include <utility>

namespace bench::peers {

/// BS::light_thread_pool, the fastest of its kinds: no priorities, no pausing.
class bs_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit bs_pool(std::size_t workers) : pool_(workers) {}

  template <class F>
  void post(F body) {
    pool_.detach_task(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return pool_.submit_task(std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 protected:
  BS::light_thread_pool pool_;
};

}  // namespace bench::peers
