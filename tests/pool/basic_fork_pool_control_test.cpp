#include <workpool/pool/basic_fork_pool.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <iterator>
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

namespace {

// ThreadSanitizer starts one of its own with the first thread of a process.
#ifdef __SANITIZE_THREAD__
constexpr int threads_of_sanitizer = 1;
#else
constexpr int threads_of_sanitizer = 0;
#endif

}  // namespace

TEST_CASE("a task finds what an earlier one left on its worker, and after max_tasks it does not", "[fork_pool]") {
  const auto leave_things = [] {
    std::filesystem::current_path("/");
    ::umask(0123);
    ::setenv("WORKPOOL_TEST_LEFT", "behind", 1);
    std::thread([] {
      for (;;) ::pause();
    }).detach();
  };
  const auto what_is_there = [] {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    const char* const left = std::getenv("WORKPOOL_TEST_LEFT");
    const auto threads = std::filesystem::directory_iterator("/proc/self/task");
    return std::filesystem::current_path().string() + " " + std::to_string(mask) + " " +
           (left == nullptr ? "nothing" : left) + " " + std::to_string(std::distance(begin(threads), end(threads)));
  };
  REQUIRE(std::filesystem::current_path() != "/");
  wp::fork_pool alone({.workers = 1, .max_tasks = 1});
  const std::string clean = alone.submit(what_is_there).get();
  alone.submit(leave_things).get();
  CHECK(alone.submit(what_is_there).get() == clean);
  CHECK(alone.submit(own_number).get() != alone.submit(own_number).get());
  CHECK_THAT(clean, Catch::Matchers::StartsWith(std::filesystem::current_path().string() + " ") &&
                        Catch::Matchers::Contains(" nothing "));
  wp::fork_pool shared(1);
  CHECK(shared.submit(what_is_there).get() == clean);
  shared.submit(leave_things).get();
  const auto threads = std::stoi(clean.substr(clean.rfind(' '))) + 1 + threads_of_sanitizer;
  CHECK(shared.submit(what_is_there).get() == "/ " + std::to_string(0123) + " behind " + std::to_string(threads));
  CHECK(std::getenv("WORKPOOL_TEST_LEFT") == nullptr);
}
