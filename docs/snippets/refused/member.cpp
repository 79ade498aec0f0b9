// says: workpool: a member pointer cannot be sent to a worker process: write the call into a lambda: pool.submit([](widget w) { return w.area(); }, w)
#include <workpool/fork_pool.hpp>

namespace wp = workpool;

struct page {
  int number;
  int next() const { return number + 1; }
};

void parse(wp::fork_pool& pool) {
#ifndef REPAIRED
  //! [call]
  pool.post(&page::next, page{7});  // does not compile
  //! [call]
#else
  //! [instead]
  pool.post([](const page& one) { return one.next(); }, page{7});
  //! [instead]
#endif
}
