// says: destructor
#include <workpool/pool/thread_pool.hpp>

struct result {
  result() = default;
  result(const result&) = default;
#ifdef REPAIRED
  ~result() {}
#else
  ~result() noexcept(false) {}
#endif
};

void use(workpool::thread_pool& pool) {
  pool.submit([] { return result(); }).get();
}
