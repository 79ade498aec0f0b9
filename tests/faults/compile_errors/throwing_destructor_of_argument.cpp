// says: destructor
#include <workpool/pool/thread_pool.hpp>

struct argument {
  argument() = default;
  argument(const argument&) = default;
#ifdef REPAIRED
  ~argument() {}
#else
  ~argument() noexcept(false) {}
#endif
};

void use(workpool::thread_pool& pool) {
  pool.post([](const argument&) {}, argument());
}
