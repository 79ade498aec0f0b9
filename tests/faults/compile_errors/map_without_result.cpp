// says: void
#include <vector>
#include <workpool/algorithm/map.hpp>
#include <workpool/pool/thread_pool.hpp>

#ifdef REPAIRED
inline int result_of(int n) { return n; }
#else
inline void result_of(int) {}
#endif

void use(workpool::thread_pool& pool, const std::vector<int>& input) {
  for (auto&& one : workpool::map(pool, input, &result_of)) static_cast<void>(one);
}
