// says: pool_event
#include <workpool/pool/thread_pool.hpp>

#ifdef REPAIRED
using news = workpool::event::task_started;
#else
struct news {};
#endif

void use(workpool::thread_pool& pool) {
  pool.on_event<news>([](const news&) {});
}
