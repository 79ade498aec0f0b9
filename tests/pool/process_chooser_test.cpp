#include <workpool/pool/process_chooser.hpp>

#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>
#include <workpool/core/event.hpp>
#include <workpool/pool/basic_fork_pool.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"

namespace wp = workpool;

namespace {

wp::worker_id where() { return wp::this_worker::id(); }

/// Fails at its work.
struct broken_strategy {
  std::optional<std::size_t> select(std::span<const wp::worker_view>, const wp::task_view&) {
    throw std::runtime_error("no idea");
  }
};

}  // namespace

TEST_CASE("tasks with one key go to one worker process while it lives") {
  wp::basic_fork_pool<wp::select::sticky> pool({.workers = 3});
  std::map<std::uint64_t, std::set<wp::worker_id>> seen;
  for (std::uint64_t turn = 0; turn < 5; ++turn) {
    for (std::uint64_t key = 1; key <= 6; ++key) seen[key].insert(pool.submit({.key = key}, where).get());
  }
  for (const auto& [key, workers] : seen) CHECK(workers.size() == 1);
}

TEST_CASE("a worker process that weighs nothing gets nothing") {
  wp::basic_fork_pool<wp::select::weighted_round_robin> pool({.workers = 3},
                                                             wp::select::weighted_round_robin{{1, 0, 2}});
  std::set<wp::worker_id> seen;
  std::vector<wp::future<wp::worker_id>> all;
  for (int n = 0; n < 60; ++n) all.push_back(pool.submit(where));
  for (auto& one : all) seen.insert(one.get());
  CHECK(seen.count(1) == 0);
  pool.with_selection([](auto& strategy) { strategy.set_weights({0, 1, 0}); });
  CHECK(pool.submit(where).get() == 1);
}

TEST_CASE("a strategy that throws is counted and told of, and the tasks run") {
  wp::basic_fork_pool<broken_strategy> pool({.workers = 2});
  std::mutex mutex;
  std::string told;
  const auto watch = pool.on_event<wp::event::strategy_fault>([&](const wp::event::strategy_fault& news) {
    const std::lock_guard hold(mutex);
    told = news.what;
  });
  std::vector<wp::future<wp::worker_id>> all;
  for (int n = 0; n < 10; ++n) all.push_back(pool.submit(where));
  for (auto& one : all) CHECK_NOTHROW(one.get());
  pool.wait_idle();
  CHECK(pool.stats().strategy_faults >= 1);
  const std::lock_guard hold(mutex);
  CHECK(told.find("no idea") != std::string::npos);
}

TEST_CASE("what was dispatched is purged with what waits") {
  wp::basic_fork_pool<wp::select::round_robin> pool({.workers = 2});
  pool.pause();
  std::vector<wp::future<wp::worker_id>> all;
  for (int n = 0; n < 20; ++n) all.push_back(pool.submit(where));
  CHECK(pool.purge() == 20);
  pool.resume();
  pool.wait_idle();
  workpool_test::check_balance(pool.stats());
}
