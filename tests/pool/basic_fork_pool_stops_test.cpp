#include <workpool/pool/basic_fork_pool.hpp>

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <future>
#include <string>
#include <vector>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/forked.hpp"
#include "support/lost_worker.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;
using workpool_test::loss_of;
using workpool_test::runs;
using workpool_test::shared_numbers;
using exited = wp::event::worker_exited;
using cause = wp::crash_report::cause;

namespace {

int own_number() { return ::getpid(); }
int parent_number() { return ::getppid(); }

/// Stays, with its number in the row, until the test lets it go.
int stay(shared_numbers numbers) {
  auto& row = numbers.row();
  row[0] = ::getpid();
  while (row[1] == 0) ::usleep(500);
  return ::getpid();
}

/// Stops for good, with a child in its group that cannot be told.
void stop_with_a_child(shared_numbers numbers) {
  if (::fork() == 0) {
    ::signal(SIGTERM, SIG_IGN);
    numbers.set(0, ::getpid());
    for (;;) ::pause();
  }
  auto& row = numbers.row();
  while (row[0] == 0) ::usleep(500);
  wp::this_worker::heartbeat();
  ::raise(SIGSTOP);
}

/// Stops a process, and comes back when it has.
void stop(int pid) {
  ::kill(pid, SIGSTOP);
  REQUIRE(eventually([&] { return workpool_test::is_stopped(pid); }));
}

}  // namespace

TEST_CASE("a worker that is stopped for a while loses nothing", "[fork_pool][stops]") {
  workpool_test::shared_numbers_side numbers;
  wp::fork_pool pool(1);
  auto busy = pool.submit(stay, numbers.handle());
  const auto worker = static_cast<int>(numbers.await(0));
  stop(worker);
  std::vector<wp::future<int>> waiting;
  for (int n = 0; n < 20; ++n) waiting.push_back(pool.submit(own_number));
  numbers.set(1, 1);
  CHECK_FALSE(busy.ready());
  ::kill(worker, SIGCONT);
  CHECK(busy.get() == worker);
  for (auto& one : waiting) CHECK(one.get() == worker);
  stop(worker);
  auto while_idle = pool.submit(own_number);
  CHECK_FALSE(while_idle.ready());
  ::kill(worker, SIGCONT);
  CHECK(while_idle.get() == worker);
  CHECK(pool.stats().restarts == 0);
}

TEST_CASE("what is sent to a worker that was stopped while idle ends by its timeout, and the next task runs",
          "[fork_pool][stops]") {
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 1, .abort_grace = 10ms, .kill_timeout = 10ms});
  pool.on_event<exited>(ends.ear());
  const int stopped = pool.workers()[0].pid;
  stop(stopped);
  auto late = pool.submit({.timeout = 50ms}, own_number);
  CHECK_THROWS_AS(late.get(), wp::task_timeout);
  CHECK(pool.submit(own_number).get() != stopped);
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.pid == stopped);
  CHECK(all[0].report.signal == SIGKILL);
  CHECK(all[0].report.why == cause::timeout);
  workpool_test::check_balance(pool.stats());
}

TEST_CASE("a task that stops after its promise of heartbeats is killed with its whole group", "[fork_pool][stops]") {
  workpool_test::shared_numbers_side numbers;
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 1, .abort_grace = 10ms, .kill_timeout = 10ms, .health = {.timeout = 1s}});
  pool.on_event<exited>(ends.ear());
  const auto lost = loss_of(pool.submit(stop_with_a_child, numbers.handle()));
  CHECK(lost.report().why == cause::unresponsive);
  const auto all = ends.await(1);
  REQUIRE(all.size() == 1);
  CHECK(all[0].report.signal == SIGKILL);
  CHECK(eventually([&] { return !runs(static_cast<int>(numbers[0])); }));
  CHECK_NOTHROW(pool.submit(own_number).get());
}

TEST_CASE("a process that starts workers and does not answer is given up, and another one starts them",
          "[fork_pool][stops]") {
  workpool_test::told<exited> ends;
  wp::fork_pool pool({.workers = 2, .handshake_timeout = 3s});
  pool.on_event<exited>(ends.ear());
  const int zygote = pool.submit(parent_number).get();
  stop(zygote);
  for (int n = 0; n < 20; ++n) CHECK(pool.submit(parent_number).get() == zygote);  // nothing is missing yet
  ::kill(pool.workers()[0].pid, SIGKILL);
  CHECK(ends.await(2).size() >= 2);  // with it goes who lives
  CHECK(pool.submit(parent_number).get() != zygote);
  CHECK(eventually([&] { return pool.stats().workers == 2; }));
  CHECK(eventually([&] { return !runs(zygote); }));
  CHECK(pool.stats().worker_lost == 0);
}
