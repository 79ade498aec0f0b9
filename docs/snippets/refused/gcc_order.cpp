// says: designator order for field 'workpool::v0::task_options::priority' does not match declaration order in 'const workpool::v0::task_options'
#include <chrono>
#include <workpool/pool.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

void submit(wp::thread_pool& pool) {
#ifndef REPAIRED
  //! [call]
  pool.post({.timeout = 1s, .priority = wp::priority::high}, [] {});  // does not compile: priority comes first
  //! [call]
#else
  pool.post({.priority = wp::priority::high, .timeout = 1s}, [] {});
#endif
}
