#include <workpool/pool/basic_thread_pool.hpp>

#include "support/catch.hpp"
#include "support/gate.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <pthread.h>

namespace wp = workpool;
using namespace std::chrono_literals;
using breaker_state = wp::circuit_breaker::state;

namespace {

void fail() { throw std::runtime_error("no"); }

}  // namespace

TEST_CASE("failures of tasks open their breaker, and then a submit is refused at once", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 2, .open_for = 1h});
  wp::basic_thread_pool<> pool(1);
  for (int n = 0; n < 2; ++n) CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, fail).get(), std::runtime_error);
  CHECK(breaker.current() == breaker_state::open);  // told before the future is
  const auto mine = std::make_shared<int>(7);
  CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, [mine] {}), wp::circuit_open);
  CHECK_THROWS_WITH(pool.post({.breaker = &breaker}, [mine] {}),
                    Catch::Contains("pool 'pool'") && Catch::Contains("leave out .breaker"));
  CHECK(pool.try_submit({.breaker = &breaker}, [mine] {}).error() == wp::errc::circuit_open);
  CHECK(mine.use_count() == 1);
  const wp::pool_stats now = pool.stats();
  CHECK(now.rejected == 3);
  CHECK(now.submitted == now.accepted + now.rejected);
  CHECK(pool.submit([] { return 1; }).get() == 1);  // without it nobody asks
}

TEST_CASE("values close it again, by as many as the breaker wants", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1ns, .half_open_probes = 2, .max_half_open = 1h});
  wp::basic_thread_pool<> pool(1);
  CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, fail).get(), std::runtime_error);
  CHECK(pool.submit({.breaker = &breaker}, [] { return 1; }).get() == 1);
  CHECK(breaker.current() == breaker_state::half_open);
  CHECK(pool.submit(wp::task_options{.breaker = &breaker}, [] { return 2; }).get() == 2);
  CHECK(breaker.current() == breaker_state::closed);
}

TEST_CASE("a timeout is a failure, told when the future is", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1h});
  wp::basic_thread_pool<> pool(1);
  gate held;
  auto late = pool.submit({.timeout = 1ms, .breaker = &breaker}, [&] { held.wait(); });
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  CHECK(breaker.current() == breaker_state::open);
  held.open();
  pool.wait_idle();
  CHECK(breaker.stats().failures == 1);
  CHECK(breaker.stats().successes == 0);
}

TEST_CASE("a task that ends its thread has failed", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1h});
  wp::basic_thread_pool<> pool(1);
  CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, [] { pthread_exit(nullptr); }).get(), wp::worker_lost);
  CHECK(breaker.current() == breaker_state::open);
}

TEST_CASE("what did not run counts nowhere", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1h});
  gate held;
  wp::basic_thread_pool<> pool({.workers = 1, .queue = {.capacity = 2, .on_full = wp::on_full::reject}});
  auto blocker = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  auto cancelled = pool.submit({.breaker = &breaker}, [] {});
  auto expires = pool.submit({.expires_after = 0ns, .breaker = &breaker}, [] {});
  CHECK_THROWS_AS(expires.get(), wp::task_expired);
  auto waits = pool.submit({.breaker = &breaker}, [] {});
  CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, [] {}), wp::queue_full);
  cancelled.cancel();
  CHECK(pool.purge() == 1);
  held.open();
  pool.wait_idle();
  CHECK(breaker.stats().failures == 0);
  CHECK(breaker.stats().successes == 0);
  CHECK(breaker.current() == breaker_state::closed);
}

TEST_CASE("a body that throws task_cancelled is no failure", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1h});
  wp::basic_thread_pool<> pool(1);
  auto one = pool.submit({.breaker = &breaker}, [] { throw wp::task_cancelled("enough"); });
  CHECK_THROWS_AS(one.get(), wp::task_cancelled);
  CHECK(breaker.current() == breaker_state::closed);
}

TEST_CASE("a breaker lets in all parts of a bulk or none, and gets back what it gave to some", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1ns, .half_open_probes = 2, .max_half_open = 1h});
  wp::basic_thread_pool<> pool(1);
  CHECK_THROWS_AS(pool.submit({.breaker = &breaker}, fail).get(), std::runtime_error);
  std::atomic<int> ran{0};
  CHECK_THROWS_AS(pool.submit_bulk({.breaker = &breaker}, 3, [&](std::size_t) { ++ran; }), wp::circuit_open);
  pool.wait_idle();
  CHECK(ran == 0);
  CHECK(pool.stats().rejected == 3);
  CHECK(pool.stats().accepted == 1);
  CHECK(breaker.current() == breaker_state::half_open);
  pool.submit_bulk({.breaker = &breaker}, 2, [&](std::size_t) { ++ran; }).get();
  CHECK(ran == 2);
  CHECK(breaker.current() == breaker_state::closed);
}

TEST_CASE("every part of a bulk asks for itself", "[breaker]") {
  wp::circuit_breaker breaker({.failure_threshold = 3, .open_for = 1h});
  wp::basic_thread_pool<> pool(1);
  auto all = pool.submit_bulk({.breaker = &breaker}, 3, [](std::size_t n) {
    if (n == 1) fail();
  });
  CHECK_THROWS_AS(all.get(), std::runtime_error);
  CHECK(breaker.stats().failures == 1);
  breaker.force_open();
  CHECK_THROWS_AS(pool.submit_bulk({.breaker = &breaker}, 3, [](std::size_t) {}), wp::circuit_open);
}
