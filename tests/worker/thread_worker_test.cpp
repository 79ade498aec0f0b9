#include <workpool/worker/thread_worker.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

using workpool::outcome;
using workpool::worker_state;
using workpool::detail::thread_worker;
using enum workpool::detail::worker_event;

namespace {

/// The value of one line of /proc/<pid>/task/<tid>/status of the calling thread.
std::string status_of_this_thread(const std::string& field) {
  std::ifstream status("/proc/self/task/" + std::to_string(::gettid()) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(field + ":\t", 0) == 0) return line.substr(field.size() + 2);
  }
  return "no such line";
}

std::uint64_t bit(int signal) { return std::uint64_t{1} << (signal - 1); }

}  // namespace

TEST_CASE("a worker's thread runs its body once, under its name") {
  thread_worker worker(3);
  int runs = 0;
  std::string name;
  auto owned = std::make_unique<int>(7);
  worker.start("calc-3", [&, owned = std::move(owned)] {
    runs += *owned;
    name = status_of_this_thread("Name");
  });
  worker.thread().join();
  CHECK(runs == 7);
  CHECK(name == "calc-3");
}

TEST_CASE("a worker's thread blocks every signal but the synchronous ones and SIGPROF, its maker's mask stays") {
  const std::string before = status_of_this_thread("SigBlk");
  thread_worker worker(0);
  std::string mask;
  worker.start("calc-0", [&] { mask = status_of_this_thread("SigBlk"); });
  worker.thread().join();
  const std::uint64_t blocked = std::stoull(mask, nullptr, 16);
  for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF}) {
    CHECK((blocked & bit(open)) == 0);
  }
  for (const int shut :
       {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE, SIGALRM,   SIGCHLD,  SIGUSR1, SIGUSR2, SIGTSTP,  SIGTTIN,
        SIGTTOU, SIGCONT, SIGURG,  SIGXCPU, SIGXFSZ, SIGVTALRM, SIGWINCH, SIGIO,   SIGPWR,  SIGSTKFLT}) {
    CHECK((blocked & bit(shut)) != 0);
  }
  for (int realtime = SIGRTMIN; realtime <= SIGRTMAX; ++realtime) CHECK((blocked & bit(realtime)) != 0);
  CHECK(status_of_this_thread("SigBlk") == before);
}

TEST_CASE("the captures of a worker's body are gone when its thread has ended") {
  thread_worker worker(0);
  const auto captured = std::make_shared<int>(0);
  worker.start("calc-0", [captured] { ++*captured; });
  worker.thread().join();
  CHECK(*captured == 1);
  CHECK(captured.use_count() == 1);
}

TEST_CASE("a worker goes through its states as the table of its life says") {
  thread_worker worker(0);
  CHECK(worker.state() == worker_state::dead);
  worker.happen(start);
  CHECK(worker.state() == worker_state::starting);
  worker.happen(take);
  CHECK(worker.state() == worker_state::starting);
  worker.happen(ready);
  CHECK(worker.state() == worker_state::idle);
  workpool_test::probe_log log;
  workpool_test::probe_task task(log);
  worker.slot.begin(task);
  CHECK(worker.state() == worker_state::busy);
  CHECK(worker.slot.end());
  CHECK(worker.state() == worker_state::idle);
  worker.happen(stop);
  CHECK(worker.state() == worker_state::stopping);
  worker.happen(end);
  CHECK(worker.state() == worker_state::dead);
}

TEST_CASE("what is told of a worker is what its books and its state say") {
  const auto before = workpool::steady::now();
  thread_worker worker(5);
  CHECK(worker.info().state == worker_state::dead);
  CHECK(worker.info().generation == 0);
  worker.start("calc-5", [] {});
  worker.thread().join();
  const auto fresh = worker.info();
  CHECK(fresh.id == 5);
  CHECK(worker.id() == 5);
  CHECK(fresh.generation == 1);
  CHECK(fresh.state == worker_state::starting);
  CHECK(fresh.pid == 0);
  CHECK(fresh.completed == 0);
  CHECK(fresh.failed == 0);
  CHECK(fresh.in_flight == 0);
  CHECK(fresh.current == 0);
  CHECK(fresh.started_at >= before);
  CHECK(fresh.started_at <= workpool::steady::now());

  worker.happen(ready);
  worker.current = 17;
  CHECK(worker.info().current == 0);  // it is not running it
  workpool_test::probe_log log;
  workpool_test::probe_task task(log);
  worker.slot.begin(task);
  worker.books.settle(outcome::value);
  worker.books.settle(outcome::value);
  worker.books.settle(outcome::failed);
  worker.books.settle(outcome::cancelled);
  const auto busy = worker.info();
  CHECK(busy.state == worker_state::busy);
  CHECK(busy.in_flight == 1);
  CHECK(busy.current == 17);
  CHECK(busy.completed == 2);
  CHECK(busy.failed == 1);
  CHECK(busy.started_at == fresh.started_at);
}

TEST_CASE("two workers side by side share no cache line") {
  STATIC_REQUIRE(alignof(thread_worker) >= workpool::detail::cache_line);
  STATIC_REQUIRE(sizeof(thread_worker) % workpool::detail::cache_line == 0);
  STATIC_REQUIRE_FALSE(std::is_copy_constructible_v<thread_worker>);
}

TEST_CASE("a worker that is started again after its end is of the next generation") {
  thread_worker worker(0);
  for (std::uint32_t generation = 1; generation <= 3; ++generation) {
    worker.start("calc-0", [&] { worker.happen(ready); });
    CHECK(worker.thread().joinable());
    worker.thread().join();
    CHECK(worker.generation() == generation);
    CHECK(worker.state() == worker_state::idle);
    worker.happen(end);
  }
}
