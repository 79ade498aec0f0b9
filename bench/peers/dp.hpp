#pragma once
#include <thread_pool/thread_pool.h>

#include <cstddef>
#include <string>
#include <utility>

namespace bench::peers {

/// dp::thread_pool with its default function type; enqueue_detach without a result, enqueue with a std::future.
class dp_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit dp_pool(std::size_t workers) : pool_(static_cast<unsigned>(workers)) {}

  template <class F>
  void post(F body) {
    pool_.enqueue_detach(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return pool_.enqueue(std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 private:
  dp::thread_pool<> pool_;
};

}  // namespace bench::peers
