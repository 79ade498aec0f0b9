// Work from an io_context to a pool of ours, and the result back.
#include <boost/asio.hpp>
#include <iostream>
#include <string>
#include <thread>
#include <utility>
#include <workpool/thread_pool.hpp>

namespace wp = workpool;

int main() {
  //! [program]
  boost::asio::io_context io;
  wp::thread_pool pool{{.name = "render", .workers = 2}};

  pool.post([&io, keeps = boost::asio::make_work_guard(io)] {  // io.run() is to wait for the answer
    std::string page = "<p>rendered</p>";                      // off the loop
    boost::asio::post(io, [page = std::move(page)] { std::cout << page << '\n'; });  // back on it
  });
  io.run();
  //! [program]
}
