// What one does with boost::asio::thread_pool.
#include <chrono>
#include <functional>
#include <future>
#include <iostream>
#include <thread>
#include <workpool/pool.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

int main() {
  {
    //! [program]
    wp::thread_pool pool(4);
    std::future<int> sum = pool.submit(wp::use_std_future, [] { return 40 + 2; });
    std::cout << "sum " << sum.get() << '\n';

    pool.post_after(10ms, [] { std::cout << "later\n"; });

    pool.wait_idle();  // until there is no more work; delayed tasks are work, too
    //! [program]
  }
}
