#include <workpool/pool/process_sender.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/event.hpp>
#include <workpool/pool/basic_fork_pool.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"
#include "support/eventually.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

TEST_CASE("a task for an idle worker is sent by who submits it") {
  wp::basic_fork_pool<> pool(1);
  std::atomic<bool> here{false};
  const auto me = std::this_thread::get_id();
  const auto watch = pool.on_event<wp::event::task_started>(
      [&](const wp::event::task_started&) { here = std::this_thread::get_id() == me; });
  CHECK(workpool_test::eventually([&] {  // the monitor may be about to look whether there is one
    CHECK(pool.submit([](int value) { return value; }, 1).get() == 1);
    return here.load();
  }));
}

TEST_CASE("a task that was to be sent to a worker that has died runs on another one, as the same attempt") {
  wp::basic_fork_pool<> pool({.workers = 2});
  for (int round = 0; round < 20; ++round) {
    const auto all = pool.workers();
    const auto idle = std::find_if(all.begin(), all.end(), [](const wp::worker_info& one) { return one.pid > 0; });
    if (idle == all.end()) continue;
    ::kill(idle->pid, SIGKILL);
    auto one = pool.submit([](int value) { return value; }, round);
    try {
      const int got = one.get();
      CHECK(got == round);
    } catch (const wp::worker_lost& lost) {  // it was in the channel already
      CHECK(lost.report().signal == SIGKILL);
    }
  }
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  workpool_test::check_balance(now);
  CHECK(now.retried == 0);
}

TEST_CASE("several threads send at the same time, and each task runs once") {
  wp::basic_fork_pool<> pool({.workers = 3});
  std::vector<std::thread> submitters;
  std::atomic<std::uint64_t> sum{0};
  for (std::uint64_t who = 0; who < 4; ++who) {
    submitters.emplace_back([&pool, &sum, who] {
      std::vector<wp::future<std::uint64_t>> all;
      for (std::uint64_t n = 0; n < 200; ++n) {
        all.push_back(pool.submit([](std::uint64_t value) { return value; }, who * 1000 + n));
      }
      for (auto& one : all) sum += one.get();
    });
  }
  for (auto& one : submitters) one.join();
  CHECK(sum == 200 * (0 + 1000 + 2000 + 3000) + 4 * 199 * 100);
  CHECK(pool.stats().completed == 800);
}
