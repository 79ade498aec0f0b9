// says: workpool: options come first, before the function, and alone
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
