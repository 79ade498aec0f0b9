// What one does with BS::thread_pool.
#include <cstddef>
#include <iostream>
#include <vector>
#include <workpool/pool.hpp>

namespace wp = workpool;

int main() {
  //! [program]
  wp::thread_pool pool(4);
  wp::future<int> sum = pool.submit([](int a, int b) { return a + b; }, 40, 2);  // arguments are taken, too
  std::cout << "sum " << sum.get() << '\n';

  std::vector<int> squares(1000);
  pool.submit_bulk(squares.size(), [&](std::size_t i) { squares[i] = static_cast<int>(i * i); }).get();
  std::cout << "last " << squares.back() << '\n';

  for (int n = 0; n < 100; ++n) pool.post([] {});
  pool.wait_idle();  // until nothing waits and nothing runs
  //! [program]
}
