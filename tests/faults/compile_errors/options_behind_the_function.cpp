// says: workpool: options come first, before the function, and alone: pool.submit({.name
#include <workpool/pool.hpp>

void function() {}

void use(workpool::thread_pool& pool, const workpool::task_options& options) {
#ifdef REPAIRED
  pool.submit(options, function).get();
#else
  pool.submit(function, options).get();
#endif
}
