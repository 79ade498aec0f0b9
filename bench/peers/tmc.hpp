#pragma once
// One priority, known to the compiler, is the fastest setting of this build flag; who needs more says so first.
#ifndef TMC_PRIORITY_COUNT
#define TMC_PRIORITY_COUNT 1
#endif
#define TMC_IMPL
#include <cstddef>
#include <string>
#include <tmc/all_headers.hpp>
#include <utility>

namespace bench::peers {

/// tmc::ex_cpu; post without a result, post_waitable with a std::future.
class tmc_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit tmc_pool(std::size_t workers) { pool_.set_thread_count(workers).init(); }

  template <class F>
  void post(F body) {
    tmc::post(pool_, std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return tmc::post_waitable(pool_, std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 protected:
  tmc::ex_cpu pool_;
};

}  // namespace bench::peers
