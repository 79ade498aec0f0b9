// says: workpool: for_each, transform_reduce, task_group and parallel_invoke need threads
#include <functional>
#include <vector>
#include <workpool/pool.hpp>

void use(workpool::fork_pool& pool, std::vector<int>& numbers) {
#ifdef REPAIRED
  for (const int one : workpool::map(pool, numbers, [](int n) { return 2 * n; })) static_cast<void>(one);
#else
  workpool::transform_reduce(pool, numbers, 0, std::plus<>(), [](int n) { return 2 * n; });
#endif
}
