// Boost.Asio.
#include <boost/asio.hpp>
#include <chrono>
#include <future>
#include <iostream>

int main() {
  using namespace std::chrono_literals;
  //! [program]
  boost::asio::thread_pool pool(4);
  std::future<int> sum = boost::asio::post(pool, boost::asio::use_future([] { return 40 + 2; }));
  std::cout << "sum " << sum.get() << '\n';

  boost::asio::steady_timer later(pool, 10ms);
  later.async_wait([](boost::system::error_code) { std::cout << "later\n"; });

  pool.join();  // until there is no more work
  //! [program]
}
