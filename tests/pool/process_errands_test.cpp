#include <workpool/pool/process_errands.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <thread>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/core/event_hub.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/worker/kill_ladder.hpp>

#include "support/balance.hpp"
#include "support/catch.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

/// A pool of which nothing is known but what waits.
struct waiting_tasks {
  static constexpr bool hands_out = true;
  bool may_hand_out() const noexcept { return true; }
  std::optional<wp::priority> most_urgent_late() const noexcept { return std::nullopt; }
  auto queue_sizes() const noexcept { return sizes; }

  std::array<std::size_t, 4> sizes{};
};

class errands : public wp::detail::process_errands<waiting_tasks> {
  using base = wp::detail::process_errands<waiting_tasks>;

 public:
  using base::worker;

  errands(waiting_tasks& pool, wp::detail::task_ledger& ledger, const wp::fork_pool_options& options)
      : base(pool, ledger, options, std::nullopt) {}

  static constexpr std::size_t most = base::handful::most;
  std::size_t may_go_along(std::size_t room) const { return base::may_go_along({.ahead = true, .room = room}); }
  auto& roster() { return this->workers_.roster(); }
};

/// Nobody works here.
struct office {
  waiting_tasks pool;
  const wp::pool_options common{};
  const wp::fork_pool_options options{};
  wp::detail::task_ledger ledger{common};
  errands all{pool, ledger, options};
};

int same(int value) { return value; }

}  // namespace

TEST_CASE("as many tasks go along as have room, wait and fit into a hand") {
  office one;
  one.pool.sizes = {0, 0, 30, 10};
  CHECK(one.all.may_go_along(0) == 0);
  CHECK(one.all.may_go_along(1) == 0);  // that is for the first one
  CHECK(one.all.may_go_along(5) == 4);
  CHECK(one.all.may_go_along(200) == 40);
  one.pool.sizes = {0, 0, 1000, 0};
  CHECK(one.all.may_go_along(200) == errands::most);
  one.pool.sizes = {};
  CHECK(one.all.may_go_along(200) == 0);
}

TEST_CASE("others with room have their share of what waits") {
  office one;
  one.pool.sizes = {0, 0, 60, 0};
  errands::worker other(1, 1, wp::detail::kill_ladder(0ns, 0ns)), third(2, 1, wp::detail::kill_ladder(0ns, 0ns));
  one.all.roster().set_room(other, true);
  CHECK(one.all.may_go_along(200) == 30);
  one.all.roster().set_room(third, true);
  CHECK(one.all.may_go_along(200) == 20);
  one.all.roster().remove(other);
  one.all.roster().remove(third);
}

TEST_CASE("tasks that have waited go to a worker several at a time, and are done in their order", "[fork_pool]") {
  wp::fork_pool pool(1);
  for (int n = 0; n < 200; ++n) pool.submit(same, n).get();  // it is known that they are short
  const auto next = [] {
    static int calls = 0;
    return ++calls;
  };
  int before = 0;
  for (int round = 0; round < 20; ++round) {
    pool.pause();
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 300; ++n) all.push_back(pool.submit(next));
    pool.resume();
    std::vector<int> order;
    for (auto& each : all) order.push_back(each.get());
    for (std::size_t n = 0; n < order.size(); ++n) REQUIRE(order[n] == before + static_cast<int>(n) + 1);
    before = order.back();
  }
}

TEST_CASE("what is cancelled while many are on their way ends once, and so do the others", "[fork_pool]") {
  wp::fork_pool pool(2);
  for (int n = 0; n < 200; ++n) pool.submit(same, n).get();
  std::uint64_t returned = 0, cancelled = 0;
  for (int round = 0; round < 50; ++round) {
    pool.pause();
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 200; ++n) all.push_back(pool.submit(same, n));
    std::thread other([&] {
      for (std::size_t n = 0; n < all.size(); n += 2) all[n].cancel();
    });
    pool.resume();
    other.join();
    for (std::size_t n = 0; n < all.size(); ++n) {
      try {
        const int got = all[n].get();
        REQUIRE(got == static_cast<int>(n));
        ++returned;
      } catch (const wp::task_cancelled&) {
        REQUIRE(n % 2 == 0);
        ++cancelled;
      }
    }
  }
  CHECK(returned + cancelled == 50 * 200);
  pool.wait_idle();
  workpool_test::check_balance(pool.stats());
  CHECK(pool.stats().cancelled == cancelled);
}

TEST_CASE("of many that go to a worker none is beyond those it is to run", "[fork_pool]") {
  wp::fork_pool_options options;
  options.workers = 1;
  options.max_tasks = 100;
  wp::fork_pool pool(options);
  for (int n = 0; n < 60; ++n) pool.submit(same, n).get();
  const auto mine = [] {
    static int calls = 0;
    return ++calls;
  };
  pool.pause();
  std::vector<wp::future<int>> all;
  for (int n = 0; n < 300; ++n) all.push_back(pool.submit(mine));
  pool.resume();
  for (auto& each : all) CHECK(each.get() <= 100);
  CHECK(pool.stats().worker_lost == 0);
}
