#include <workpool/detail/posix/cpu_set.hpp>

#include "support/catch.hpp"

#include <cerrno>
#include <cstring>
#include <vector>

using workpool::detail::affinity_count;

TEST_CASE("the affinity count is the number of CPUs in the caller's set") {
  cpu_set_t set;
  CPU_ZERO(&set);
  REQUIRE(::sched_getaffinity(0, sizeof set, &set) == 0);
  CHECK(affinity_count() == static_cast<std::size_t>(CPU_COUNT(&set)));
}

TEST_CASE("a thread bound to one CPU counts one") {
  cpu_set_t before, one;
  CPU_ZERO(&before);
  CPU_ZERO(&one);
  REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++cpu)
    if (CPU_ISSET(cpu, &before)) CPU_SET(cpu, &one);
  REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
  const auto count = affinity_count();
  REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
  CHECK(count == 1);
}

TEST_CASE("the set grows until it holds all CPUs of the machine") {
  std::vector<std::size_t> tried;
  const auto big_machine = [&](pid_t, std::size_t bytes, cpu_set_t* set) {
    tried.push_back(bytes * 8);
    if (bytes * 8 < 4096) {
      errno = EINVAL;
      return -1;
    }
    std::memset(set, 0xff, bytes);
    return 0;
  };
  CHECK(affinity_count(big_machine) == 4096);
  CHECK(tried == std::vector<std::size_t>{1024, 2048, 4096});
}

TEST_CASE("a kernel that never answers, or refuses, leaves the count unknown") {
  int calls = 0;
  const auto failing_with = [&calls](int error) {
    return [&calls, error](pid_t, std::size_t, cpu_set_t*) {
      ++calls;
      errno = error;
      return -1;
    };
  };
  CHECK(affinity_count(failing_with(EINVAL)) == 0);
  CHECK(calls == 11);
  CHECK(affinity_count(failing_with(ENOSYS)) == 0);
  CHECK(calls == 12);
}
