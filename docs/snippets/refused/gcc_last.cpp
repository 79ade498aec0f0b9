// says: no matching function for call to 'workpool::v0::basic_thread_pool<>::post(submit(workpool::v0::thread_pool&)::<lambda()>, <brace-enclosed initializer list>)'
#include <workpool/pool.hpp>

namespace wp = workpool;

void submit(wp::thread_pool& pool) {
#ifndef REPAIRED
  //! [call]
  pool.post([] {}, {.priority = wp::priority::high});  // does not compile: options come first
  //! [call]
#else
  pool.post({.priority = wp::priority::high}, [] {});
#endif
}
