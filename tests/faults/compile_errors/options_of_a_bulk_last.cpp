// says: workpool: options come first, before the number of calls: pool.submit_bulk({.name
#include <workpool/pool.hpp>

void use(workpool::thread_pool& pool) {
#ifdef REPAIRED
  pool.submit_bulk({.name = "last"}, 3, [](auto) {}).get();
#else
  pool.submit_bulk(3, [](auto) {}, {.name = "last"}).get();
#endif
}
