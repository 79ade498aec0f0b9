// What a stranger's first program might be. Built by each consumer test that has no Boost; 0 when it works.
#include <workpool/pool/thread_pool.hpp>

#ifdef BOOST_CONFIG_HPP
#error "thread_pool.hpp reaches Boost"
#endif

int main() {
  workpool::thread_pool pool{2};
  return pool.submit([](int a, int b) { return a + b; }, 2, 3).get() == 5 ? 0 : 1;
}
