#include <workpool/pool/process_crew.hpp>

#include <atomic>
#include <chrono>
#include <csignal>
#include <memory>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/pool/basic_fork_pool.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"
#include "support/shared_gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

TEST_CASE("the constructor comes back when every worker that there always is has answered") {
  wp::basic_fork_pool<> pool({.workers = 3});
  const auto all = pool.workers();
  REQUIRE(all.size() == 3);
  for (const wp::worker_info& one : all) {
    CHECK(one.state == wp::worker_state::idle);
    CHECK(one.pid > 0);
  }
}

TEST_CASE("a worker that is to be restarted is another process afterwards, and a number that is none is refused") {
  wp::basic_fork_pool<> pool({.workers = 2});
  const int before = pool.workers().at(1).pid;
  pool.restart(1);
  CHECK(eventually([&] { return pool.workers().at(1).pid != before && pool.workers().at(1).pid != 0; }));
  CHECK_THROWS_AS(pool.restart(2), wp::bad_config);
}

TEST_CASE("after a shutdown no worker is left") {
  wp::basic_fork_pool<> pool({.workers = 2});
  const int pid = pool.workers().at(0).pid;
  pool.shutdown();
  CHECK(pool.stats().workers == 0);
  CHECK(eventually([&] { return ::kill(pid, 0) != 0; }));
}

TEST_CASE("a drain that is over cancels what runs, and its worker is gone soon") {
  wp::basic_fork_pool<> pool({.workers = 1, .abort_grace = 10ms, .kill_timeout = 10ms});
  const workpool_test::shared_gate_side held;
  auto stuck = pool.submit([](workpool_test::shared_gate gate) { gate.enter(); }, held.handle());
  held.await(1);
  const wp::shutdown_report report = pool.shutdown({.drain = 1ms});
  CHECK(report.forced);
  CHECK_THROWS_AS(stuck.get(), wp::task_cancelled);
  CHECK(report.took < 5s);
}

TEST_CASE("a pool that is deleted by one of its own handlers ends by itself") {
  gate posted;
  auto pool = std::make_unique<wp::basic_fork_pool<>>(1);
  std::atomic<bool> over{false};
  const auto watch = pool->on_event<wp::event::task_settled>([&](const wp::event::task_settled&) {
    posted.wait();  // nobody else uses the pool any more
    pool.reset();
    over = true;
  });
  pool->post([] {});
  posted.open();
  CHECK(eventually([&] { return over.load(); }));
}
