// says: workpool: for_each, transform_reduce, task_group and parallel_invoke need threads
#include <workpool/pool.hpp>

void use(workpool::fork_pool& pool) {
#ifdef REPAIRED
  pool.post([] {});
#else
  workpool::parallel_invoke(
      pool, [] {}, [] {});
#endif
}
