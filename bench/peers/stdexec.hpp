#pragma once
#include <cstddef>
#include <exec/ensure_started.hpp>
#include <exec/start_detached.hpp>
#include <exec/static_thread_pool.hpp>
#include <stdexec/execution.hpp>
#include <string>
#include <utility>

namespace bench::peers {

/// exec::static_thread_pool; start_detached without a result, ensure_started and sync_wait with one.
class stdexec_pool {
 public:
  static std::string version() { return WORKPOOL_BENCH_VERSION; }

  explicit stdexec_pool(std::size_t workers) : pool_(static_cast<unsigned>(workers)) {}

  template <class F>
  void post(F body) {
    exec::start_detached(on_worker(std::move(body)));
  }
  template <class F>
  auto submit(F body) {
    return exec::ensure_started(on_worker(std::move(body)));
  }
  template <class Sender>
  static auto get(Sender& result) {
    return std::get<0>(*stdexec::sync_wait(std::move(result)));
  }

 protected:
  template <class F>
  auto on_worker(F body) {
    return stdexec::then(stdexec::schedule(pool_.get_scheduler()), std::move(body));
  }

 private:
  exec::static_thread_pool pool_;
};

/// The same with a result that is started only when it is waited for, which needs no memory: the idiom where the next
/// thing done is to wait.
class stdexec_lazy_pool : public stdexec_pool {
 public:
  using stdexec_pool::stdexec_pool;

  template <class F>
  auto submit(F body) {
    return on_worker(std::move(body));
  }
};

}  // namespace bench::peers
