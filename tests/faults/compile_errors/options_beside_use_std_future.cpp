// says: workpool: options come first, before the function, and alone: pool.submit({.name
#include <workpool/pool.hpp>

void use(workpool::thread_pool& pool, const workpool::task_options& options) {
#ifdef REPAIRED
  pool.submit(workpool::use_std_future, [] {}).get();
#else
  pool.submit(options, workpool::use_std_future, [] {}).get();
#endif
}
