// says: workpool: this argument cannot be sent to a worker process: it is, or contains, a pointer, a reference or something else that means nothing there. Use a value type (string, vector, tuple, aggregate of at most 16 such fields without base classes ...), specialise workpool::codec<T>, or include <workpool/adapter/cereal.hpp>
#include <workpool/fork_pool.hpp>

namespace wp = workpool;

void parse(wp::fork_pool& pool, int* page) {
#ifndef REPAIRED
  //! [call]
  pool.post([](int* number) { ++*number; }, page);  // does not compile: the address means nothing there
  //! [call]
#else
  //! [instead]
  *page = pool.submit([](int number) { return number + 1; }, *page).get();
  //! [instead]
#endif
}
