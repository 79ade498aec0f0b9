// What a stranger's first program might be. Built by each consumer test; 0 when it works.
#include <workpool/version.hpp>

#if __has_include(<workpool/pool.hpp>)
#include <workpool/pool.hpp>

int main() {
  workpool::thread_pool pool{2};
  return pool.submit([](int a, int b) { return a + b; }, 2, 3).get() == 5 ? 0 : 1;
}
#else
int main() { return workpool::version.major_number == WORKPOOL_VERSION_MAJOR ? 0 : 1; }
#endif
