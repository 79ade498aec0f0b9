// says: workpool: options come first, before the function, and alone: pool.submit({.name
#include <workpool/pool.hpp>

void use(workpool::fork_pool& pool) {
#ifdef REPAIRED
  pool.post(
      {.name = "last"}, [](int) {}, 1);
#else
  pool.post([](int) {}, 1, workpool::task_options{.name = "last"});
#endif
}
