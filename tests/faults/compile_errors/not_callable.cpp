// says: constraint
#include <string>
#include <workpool/pool/thread_pool.hpp>

#ifdef REPAIRED
using argument = int;
#else
using argument = std::string;
#endif

void use(workpool::thread_pool& pool) {
  pool.post([](int) {}, argument());
}
