#include <workpool/pool/pool_surface.hpp>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/pool/basic_thread_pool.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/pool/thread_pool.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

namespace {

/// Of a core the surface asks at its birth and at its end.
struct short_lived {
  explicit short_lived(bool fails, int& ends) : fails_(fails), ends_(ends) {}
  void spawn() {
    if (fails_) wp::raise(wp::errc::spawn_failed, "no worker today");
  }
  void end_of_handle() noexcept {
    ++ends_;
    delete this;
  }

 private:
  bool fails_;
  int& ends_;
};

struct handle : wp::detail::pool_surface<short_lived> {
  handle(bool fails, int& ends) : pool_surface(new short_lived(fails, ends)) {}
};

}  // namespace

TEST_CASE("a core that cannot start is ended once, and its error is the constructor's") {
  int ends = 0;
  CHECK_THROWS_AS(handle(true, ends), wp::spawn_failed);
  CHECK(ends == 1);
}

TEST_CASE("the end of a handle is told to its core") {
  int ends = 0;
  { const handle one(false, ends); }
  CHECK(ends == 1);
}

TEST_CASE("algorithms reach the core of a pool") {
  wp::basic_thread_pool<> pool(1);
  CHECK_FALSE(wp::detail::pool_access::core(pool).paused());
}

TEST_CASE("a task with options may give what the standard library has", "[fork_pool]") {
  wp::thread_pool threads(1);
  const wp::task_options named{.name = "named"};
  CHECK(threads.submit(named, [] { return std::string("text"); }).get() == "text");
  CHECK(threads.submit(named, [] { return std::map<std::string, std::vector<int>>{{"one", {1}}}; }).get().size() == 1);
  CHECK(*threads.submit(named, [] { return std::make_unique<int>(7); }).get() == 7);
  auto tried = threads.try_submit(named, [] { return std::vector<int>{1, 2}; });
  REQUIRE(tried);
  CHECK((*tried).get().size() == 2);
  wp::fork_pool processes(1);
  CHECK(processes.submit(named, [] { return std::string("text"); }).get() == "text");
}
