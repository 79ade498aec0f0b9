#pragma once
#include <boost/asio/defer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/version.hpp>
#include <cstddef>
#include <future>
#include <string>
#include <utility>

namespace bench::peers {

/// boost::asio::thread_pool; results by std::packaged_task, since post() gives none.
class asio_pool {
 public:
  static std::string version() {
    return "Boost " + std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000);
  }

  explicit asio_pool(std::size_t workers) : pool_(workers) {}
  ~asio_pool() { pool_.join(); }

  template <class F>
  void post(F body) {
    boost::asio::post(pool_, std::move(body));
  }
  /// defer() says that the function is a continuation of the one that runs.
  template <class F>
  void post_inside(F body) {
    boost::asio::defer(pool_, std::move(body));
  }
  template <class F>
  auto submit(F body) {
    std::packaged_task<decltype(body())()> task(std::move(body));
    auto result = task.get_future();
    boost::asio::post(pool_, std::move(task));
    return result;
  }
  template <class Future>
  static auto get(Future& result) {
    return result.get();
  }

 private:
  boost::asio::thread_pool pool_;
};

}  // namespace bench::peers
