#include <workpool/pool/basic_fork_pool.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/refusals.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using workpool_test::eventually;
using workpool_test::shared_numbers;

namespace {

int twice(int value) { return 2 * value; }
int own_number() { return ::getpid(); }

}  // namespace

TEST_CASE("restart replaces the worker that was named, when it has ended its task", "[fork_pool]") {
  workpool_test::shared_numbers_side numbers;
  wp::fork_pool pool(2);
  const auto before = pool.workers();
  pool.restart(1);
  REQUIRE(eventually([&] { return pool.workers()[1].generation == 2; }));
  CHECK(pool.workers()[0].pid == before[0].pid);
  workpool_test::check_refused([&] { pool.restart(2); }, "worker", "from 0 on");
  auto holds = pool.submit(
      [](shared_numbers all) {
        auto& row = all.row();
        row[1] = wp::this_worker::id() + 1;
        while (row[0] == 0) std::this_thread::yield();
        return ::getpid();
      },
      numbers.handle());
  const auto busy = static_cast<wp::worker_id>(numbers.await(1) - 1);
  const int pid = pool.workers()[busy].pid;
  pool.restart(busy);
  CHECK(pool.submit(twice, 1).get() == 2);
  CHECK(pool.workers()[busy].pid == pid);
  numbers.set(0, 1);
  CHECK(holds.get() == pid);
  CHECK(eventually([&] { return pool.workers()[busy].pid != pid && pool.workers()[busy].pid != 0; }));
  CHECK(pool.stats().worker_lost == 0);
}

TEST_CASE("reload replaces every worker under load and loses no task", "[fork_pool]") {
  wp::fork_pool pool(3);
  std::set<int> before;
  for (const auto& one : pool.workers()) before.insert(one.pid);
  std::vector<wp::future<int>> all;
  for (int n = 0; n < 300; ++n) all.push_back(pool.submit(twice, n));
  pool.reload();
  for (int n = 0; n < 300; ++n) all.push_back(pool.submit(twice, 300 + n));
  for (int n = 0; n < 600; ++n) CHECK(all[static_cast<std::size_t>(n)].get() == 2 * n);
  CHECK(eventually([&] {
    const auto now = pool.workers();
    return std::none_of(now.begin(), now.end(), [&](const auto& one) { return before.contains(one.pid); }) &&
           pool.stats().workers == 3;
  }));
}

TEST_CASE("resize starts and ends processes until there are as many as asked for", "[fork_pool]") {
  wp::fork_pool pool(1);
  for (const std::size_t size : {4U, 2U, 3U, 1U}) {
    pool.resize(size);
    REQUIRE(eventually([&] { return pool.workers().size() == size && pool.stats().workers == size; }));
    CHECK(pool.submit(twice, 3).get() == 6);
  }
  CHECK(eventually([&] { return pool.stats().workers_exited == 4; }));
}

TEST_CASE("a task finds what an earlier one left on its worker, and after max_tasks it does not", "[fork_pool]") {
  const auto go_elsewhere = [] { std::filesystem::current_path("/"); };
  const auto where = [] { return std::filesystem::current_path().string(); };
  const std::string here = std::filesystem::current_path();
  REQUIRE(here != "/");
  wp::fork_pool shared(1);
  shared.submit(go_elsewhere).get();
  CHECK(shared.submit(where).get() == "/");
  CHECK(std::filesystem::current_path() == here);
  wp::fork_pool alone({.workers = 1, .max_tasks = 1});
  alone.submit(go_elsewhere).get();
  CHECK(alone.submit(where).get() == here);
  CHECK(alone.submit(own_number).get() != alone.submit(own_number).get());
}
