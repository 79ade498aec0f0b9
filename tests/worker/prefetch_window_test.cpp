#include <workpool/worker/prefetch_window.hpp>

#include <chrono>

#include "support/catch.hpp"

using workpool::detail::prefetch_window;
using namespace std::chrono_literals;

namespace {

/// After enough tasks that took so long each.
struct measured {
  explicit measured(prefetch_window::duration each) { go_on(each); }
  void go_on(prefetch_window::duration each) {
    int tasks = 1;
    while (!window.answered()) ++tasks;
    busy += tasks * each;
    window.measure(busy);
  }
  prefetch_window window;
  prefetch_window::duration busy{};
};

}  // namespace

TEST_CASE("a worker of which nothing is known has one task") { CHECK(prefetch_window().size() == 1); }

TEST_CASE("a window holds about 100 µs of work, at least 2 tasks and at most 256") {
  CHECK(measured(1us).window.size() == 100);
  CHECK(measured(10us).window.size() == 10);
  CHECK(measured(100ns).window.size() == 256);
  CHECK(measured(0ns).window.size() == 256);
  CHECK(measured(60us).window.size() == 2);
  CHECK(measured(400us).window.size() == 2);
}

TEST_CASE("a worker whose tasks take longer than 500 µs has one") { CHECK(measured(501us).window.size() == 1); }

TEST_CASE("tasks that become longer, or shorter, are soon known to be so") {
  measured one(1us);
  one.go_on(2ms);
  CHECK(one.window.size() == 1);
  for (int n = 0; n < 20; ++n) one.go_on(1us);
  CHECK(one.window.size() >= 90);
}

TEST_CASE("a window whose task kept others waiting is one until the next measurement") {
  measured one(1us);
  one.window.forget();
  CHECK(one.window.size() == 1);
  one.go_on(1us);
  CHECK(one.window.size() == 100);
}

TEST_CASE("a worker that says nonsense of its time has a window all the same") {
  prefetch_window window;
  while (!window.answered()) {
  }
  window.measure(prefetch_window::duration::max());
  CHECK(window.size() == 1);
  while (!window.answered()) {
  }
  window.measure(prefetch_window::duration::min() + 1ns);
  CHECK(window.size() >= 1);
  window.measure(1s);
  CHECK(window.size() <= prefetch_window::most);
}
