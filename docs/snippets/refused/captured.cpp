// says: workpool: a callable for a worker process must not capture anything: pass the data as arguments
#include <workpool/fork_pool.hpp>

namespace wp = workpool;

void parse(wp::fork_pool& pool, int page) {
#ifndef REPAIRED
  //! [call]
  pool.post([page] { return page + 1; });  // does not compile: `page` is here, the body would run there
  //! [call]
#else
  //! [instead]
  pool.post([](int number) { return number + 1; }, page);
  //! [instead]
#endif
}
