// says: workpool: for_each, transform_reduce, task_group and parallel_invoke need threads
#include <cstddef>
#include <vector>
#include <workpool/pool.hpp>

void use(workpool::fork_pool& pool, std::vector<int>& numbers) {
#ifdef REPAIRED
  pool.submit_bulk(numbers.size(), [](std::size_t) {}).get();
#else
  workpool::for_each(pool, numbers, [](int& one) { ++one; });
#endif
}
