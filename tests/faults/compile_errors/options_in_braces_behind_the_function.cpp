// says: workpool: options come first, before the function, and alone: pool.submit({.name
#include <workpool/pool.hpp>

void use(workpool::thread_pool& pool) {
#ifdef REPAIRED
  pool.post({.name = "last"}, [] {});
#else
  pool.post([] {}, {.name = "last"});
#endif
}
