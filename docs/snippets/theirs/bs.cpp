// BS::thread_pool 5.1.
#include <BS_thread_pool.hpp>
#include <cstddef>
#include <future>
#include <iostream>
#include <vector>

int main() {
  //! [program]
  BS::thread_pool pool(4);
  std::future<int> sum = pool.submit_task([] { return 40 + 2; });
  std::cout << "sum " << sum.get() << '\n';

  std::vector<int> squares(1000);
  pool.submit_loop(0, squares.size(), [&](std::size_t i) { squares[i] = static_cast<int>(i * i); }).wait();
  std::cout << "last " << squares.back() << '\n';

  for (int n = 0; n < 100; ++n) pool.detach_task([] {});
  pool.wait();  // until nothing waits and nothing runs
  //! [program]
}
