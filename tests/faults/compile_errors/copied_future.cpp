// says: deleted
#include <utility>
#include <workpool/pool/thread_pool.hpp>

void use(workpool::future<int>& result) {
#ifdef REPAIRED
  workpool::future<int> other(std::move(result));
#else
  workpool::future<int> other(result);
#endif
  other.wait();
}
