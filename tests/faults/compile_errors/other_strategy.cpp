// says: use select::first_idle
#include <workpool/pool/thread_pool.hpp>
#include <workpool/select/selection_strategy.hpp>

#ifdef REPAIRED
using strategy = workpool::select::first_idle;
#else
struct strategy : workpool::select::first_idle {};
#endif

workpool::basic_thread_pool<strategy> pool;
