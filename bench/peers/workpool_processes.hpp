#pragma once
#include <cstddef>
#include <string>
#include <utility>
#include <vector>
#include <workpool/algorithm/map.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/version.hpp>

namespace bench::peers {

/// workpool::fork_pool with its defaults.
class workpool_processes {
 public:
  static std::string version() {
    const auto& v = workpool::version;
    return std::to_string(v.major_number) + "." + std::to_string(v.minor_number) + "." + std::to_string(v.patch_number);
  }

  explicit workpool_processes(std::size_t workers) : pool_(workers) {}

  template <class F, class... A>
  auto submit(F body, A... arguments) {
    return pool_.submit(body, std::move(arguments)...);
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }
  /// Calls body(i) for every 0 ≤ i < count and waits for all.
  template <class F>
  void bulk(std::size_t count, F body) {
    pool_.submit_bulk(count, body).get();
  }
  std::vector<int> pids() const {
    std::vector<int> all;
    for (const workpool::worker_info& one : pool_.workers()) all.push_back(one.pid);
    return all;
  }

 private:
  workpool::fork_pool pool_;
};

}  // namespace bench::peers
