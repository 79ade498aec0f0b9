// says: destructor
#include <workpool/pool/thread_pool.hpp>

struct callable {
  callable() = default;
  callable(const callable&) = default;
#ifdef REPAIRED
  ~callable() {}
#else
  ~callable() noexcept(false) {}
#endif
  void operator()() const {}
};

void use(workpool::thread_pool& pool) { pool.post(callable()); }
