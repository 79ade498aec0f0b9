// says: task_queue of workpool::task_ref
#include <workpool/pool/thread_pool.hpp>
#include <workpool/queue/fifo_queue.hpp>

#ifdef REPAIRED
using element = workpool::task_ref;
#else
using element = int;
#endif

workpool::basic_thread_pool<workpool::select::first_idle, workpool::fifo_queue<element>> pool;
