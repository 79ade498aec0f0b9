// says: the queue needs take_out() and claim() (batching_task_queue)
#include <workpool/pool/thread_pool.hpp>
#include <workpool/queue/fifo_queue.hpp>
#include <workpool/select/round_robin.hpp>

#ifdef REPAIRED
using strategy = workpool::select::first_idle;
#else
using strategy = workpool::select::round_robin;
#endif

workpool::basic_thread_pool<strategy, workpool::fifo_queue<workpool::task_ref>> pool;
