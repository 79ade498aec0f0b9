#include <workpool/detail/posix/thread_tuning.hpp>

#include "support/catch.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <thread>

using namespace workpool::detail;

TEST_CASE("a thread that is put on one CPU runs there only, and its maker where it did") {
  int allowed = 0;
  while (!may_run_on(allowed)) ++allowed;
  int error = -1, count = 0, before = 0;
  cpu_set_t set;
  REQUIRE(::sched_getaffinity(0, sizeof set, &set) == 0);
  before = CPU_COUNT(&set);
  std::thread([&] {
    error = run_on({allowed});
    cpu_set_t mine;
    if (::sched_getaffinity(0, sizeof mine, &mine) == 0 && CPU_ISSET(static_cast<std::size_t>(allowed), &mine)) {
      count = CPU_COUNT(&mine);
    }
  }).join();
  CHECK(error == 0);
  CHECK(count == 1);
  REQUIRE(::sched_getaffinity(0, sizeof set, &set) == 0);
  CHECK(CPU_COUNT(&set) == before);
}

TEST_CASE("a CPU that does not exist is refused with its errno") {
  CHECK_FALSE(may_run_on(100'000));
  int error = 0;
  std::thread([&] { error = run_on({100'000}); }).join();
  CHECK(error != 0);
}

TEST_CASE("niceness is a thread's own") {
  const int before = ::getpriority(PRIO_PROCESS, 0);
  int error = -1, inside = 0;
  std::thread([&] {
    error = set_nice(before + 1 > 19 ? 19 : before + 1);
    inside = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)));
  }).join();
  CHECK(error == 0);
  CHECK(inside == (before + 1 > 19 ? 19 : before + 1));
  CHECK(::getpriority(PRIO_PROCESS, 0) == before);
  CHECK(lowest_nice() >= -20);
  CHECK(lowest_nice() <= 20);
}
