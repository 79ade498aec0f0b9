#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <workpool/pool.hpp>
#include <workpool/version.hpp>

namespace bench::peers {

/// workpool::thread_pool with its defaults.
class workpool_pool {
 public:
  static std::string version() {
    const auto& v = workpool::version;
    return std::to_string(v.major_number) + "." + std::to_string(v.minor_number) + "." + std::to_string(v.patch_number);
  }

  explicit workpool_pool(std::size_t workers) : pool_(workers) {}

  template <class F>
  void post(F body) {
    pool_.post(std::move(body));
  }
  template <class F>
  auto submit(F body) {
    return pool_.submit(std::move(body));
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 protected:
  workpool::thread_pool pool_;
};

/// The same with get(help): the waiting thread runs the task itself when no worker has begun it.
class workpool_helping_pool : public workpool_pool {
 public:
  using workpool_pool::workpool_pool;

  template <class Future>
  static auto get(Future& result) {
    return result.get(workpool::help);
  }
};

}  // namespace bench::peers
