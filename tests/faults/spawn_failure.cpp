// The system has no thread to give: a constructor that cannot start one throws spawn_failed, one that can start some
// makes a smaller pool. Needs root, as it becomes another user, whose number of threads it limits: root is exempt.

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"
#include "support/eventually.hpp"
#include "support/other_user.hpp"

namespace wp = workpool;

namespace {

constexpr rlim_t most = 4096;

void limit_threads_of_user(rlim_t count) {
  const rlimit limit{count, most};
  if (::setrlimit(RLIMIT_NPROC, &limit) != 0) throw std::system_error(errno, std::generic_category(), "setrlimit");
}

auto threads_of_process() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

bool a_thread_can_start() {
  const auto before = threads_of_process();
  try {
    std::thread([] {}).join();
  } catch (const std::system_error&) {
    return false;
  }
  // It counts until the kernel has forgotten it.
  return workpool_test::eventually([&] { return threads_of_process() == before; });
}

/// The lowest limit under which this process can have one more thread.
rlim_t limit_for_one_more() {
  for (rlim_t count = 1; count < most; ++count) {
    limit_threads_of_user(count);
    if (a_thread_can_start()) return count;
  }
  return most;
}

void no_thread_at_all(rlim_t for_one_more) {
  limit_threads_of_user(for_one_more - 1);
  const auto threads_before = threads_of_process();
  const std::string text =
      fault::thrown_text<wp::spawn_failed>([] { const wp::thread_pool pool{{.name = "starved", .workers = 3}}; });
  fault::expect_text(text, {"'starved'", "none of its 3 threads", "Resource temporarily unavailable", "ulimit -u"});
  fault::expect_equal(threads_of_process(), threads_before, "number of threads after the failure");
  for (int round = 0; round < 20; ++round) {
    fault::expect(fault::thrown_text<wp::spawn_failed>([] { const wp::thread_pool pool{1}; }) != "",
                  "a pool of one fails in the same way");
  }
}

void fewer_than_wanted(rlim_t for_one_more) {
  limit_threads_of_user(for_one_more + 1);
  wp::thread_pool pool{{.name = "small", .workers = 5}};
  const wp::pool_stats now = pool.stats();
  fault::expect_equal(now.workers, 2, "workers");
  fault::expect_equal(now.workers_started, 2, "workers_started");
  fault::expect_equal(now.workers_by_state[static_cast<std::size_t>(wp::worker_state::dead)], 3, "dead workers");
  const std::vector<wp::worker_info> listed = pool.workers();
  fault::expect_equal(listed.size(), 5, "number of listed workers");
  for (const wp::worker_info& one : listed) {
    fault::expect((one.state == wp::worker_state::dead) == (one.id >= 2), "workers from 2 on are dead, no others");
  }
  std::vector<wp::future<int>> results;
  for (int n = 0; n < 1000; ++n) results.push_back(pool.submit([n] { return n; }));
  int sum = 0;
  for (auto& one : results) sum += one.get();
  fault::expect_equal(sum, 499'500, "sum of the results");
  pool.pause();
  pool.resume();
  pool.wait_idle();
  limit_threads_of_user(most);
  fault::expect(workpool_test::eventually([&] { return pool.stats().workers == 5; }),
                "the missing workers come when there is room again");
  fault::expect_equal(pool.shutdown().abandoned, 0, "abandoned");
}

}  // namespace

int main() {
  const workpool_test::hang_trap trap("spawn_failure");
  if (::geteuid() != 0) {
    std::puts("skipped: only root can become a user whose threads are limited");
    return fault::skipped;
  }
  if (!workpool_test::become_another_user()) throw std::system_error(errno, std::generic_category(), "setuid");
  const rlim_t for_one_more = limit_for_one_more();
  no_thread_at_all(for_one_more);
  fewer_than_wanted(for_one_more);
  limit_threads_of_user(most);
  fault::expect_equal(wp::thread_pool(2).stats().workers, 2, "workers when there is room again");
  return fault::failures;
}
