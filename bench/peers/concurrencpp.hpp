#pragma once
#include <concurrencpp/concurrencpp.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace bench::peers {

/// The thread_pool_executor of a concurrencpp::runtime; post without a result, submit with a concurrencpp::result.
class concurrencpp_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit concurrencpp_pool(std::size_t workers)
      : runtime_(options(workers)), pool_(runtime_.thread_pool_executor()) {}

  template <class F>
  void post(F body) {
    pool_->post(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return pool_->submit(std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 private:
  static concurrencpp::runtime_options options(std::size_t workers) {
    concurrencpp::runtime_options chosen;
    chosen.max_cpu_threads = workers;
    return chosen;
  }

  concurrencpp::runtime runtime_;
  std::shared_ptr<concurrencpp::thread_pool_executor> pool_;
};

}  // namespace bench::peers
