#include <workpool/pool/pause_switch.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <thread>
#include <utility>

using workpool::detail::pause_switch;
using workpool::detail::pool_phase;
using workpool::detail::thread_worker;
using workpool::detail::worker_list;
using workpool_test::eventually;

TEST_CASE("a pool runs, is paused and runs again", "[pause]") {
  pause_switch pool;
  const worker_list nobody;
  CHECK_FALSE(pool.paused());
  pool.pause(nobody);
  CHECK(pool.paused());
  CHECK_FALSE(pool.ends());
  pool.resume();
  CHECK_FALSE(pool.paused());
  CHECK(pool.current() == pool_phase::running);
}

TEST_CASE("a pool that comes to its end is not paused any more", "[pause]") {
  pause_switch pool;
  const worker_list nobody;
  pool.pause(nobody);
  pool.finish();
  CHECK(pool.ends());
  CHECK_FALSE(pool.paused());
  pool.pause(nobody);
  CHECK_FALSE(pool.paused());
}

TEST_CASE("a pause waits for a worker that is between two tasks until it has decided", "[pause]") {
  pause_switch pool;
  worker_list workers;
  thread_worker& between = workers.add();
  between.at_rest = false;
  std::atomic<bool> returned{false};
  std::thread pausing([&] {
    pool.pause(workers);
    returned = true;
  });
  CHECK(eventually([&] { return pool.paused(); }));
  CHECK_FALSE(returned);
  workpool_test::probe_log log;
  workpool_test::probe_task one{log};
  SECTION("to rest") { between.at_rest = true; }
  SECTION("to run one more") { between.slot.begin(one); }
  pausing.join();
  CHECK(returned);
  between.slot.end();
}

TEST_CASE("a worker that pauses its own pool between two tasks does not wait for itself", "[pause]") {
  pause_switch pool;
  worker_list workers;
  thread_worker& me = workers.add();
  me.at_rest = false;
  auto* const before = std::exchange(workpool::detail::worker_of_this_thread, &me);
  pool.pause(workers);
  workpool::detail::worker_of_this_thread = before;
  CHECK(pool.paused());
  CHECK_FALSE(me.at_rest);
}

TEST_CASE("who waits for a paused pool goes on when it is resumed, ends, or does not want him", "[pause]") {
  pause_switch pool;
  const worker_list nobody;
  thread_worker me(0);
  me.wanted = true;
  pool.pause(nobody);
  std::atomic<bool> goes_on{false};
  std::thread waiting([&] {
    pool.await_resumed(me);
    goes_on = true;
  });
  CHECK_FALSE(goes_on);
  SECTION("resumed") { pool.resume(); }
  SECTION("ends") {
    pool.finish();
    pool.wake_all();
  }
  SECTION("not wanted") {
    me.wanted = false;
    pool.wake_all();
  }
  waiting.join();
  CHECK(goes_on);
}
