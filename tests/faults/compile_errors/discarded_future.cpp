// says: keep the future of a task, or use post(), which makes none
#include <workpool/pool/thread_pool.hpp>

void use(workpool::thread_pool& pool) {
#ifdef REPAIRED
  pool.post([] { return 1; });
#else
  pool.submit([] { return 1; });
#endif
}
