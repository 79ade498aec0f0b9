#pragma once
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <vector>

namespace workpool { inline namespace v0 { namespace detail {

/// Lets the calling thread run on these CPUs only. Gives: 0 or errno.
inline int run_on(const std::vector<int>& cpus) noexcept {
  struct release {
    void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
  };
  const auto last = static_cast<std::size_t>(*std::max_element(cpus.begin(), cpus.end()));
  const std::size_t bytes = CPU_ALLOC_SIZE(last + 1);
  const std::unique_ptr<cpu_set_t, release> set(CPU_ALLOC(last + 1));
  if (!set) return ENOMEM;
  CPU_ZERO_S(bytes, set.get());
  for (const int cpu : cpus) CPU_SET_S(static_cast<std::size_t>(cpu), bytes, set.get());
  return ::sched_setaffinity(0, bytes, set.get()) == 0 ? 0 : errno;
}

/// Whether the calling thread may run on this CPU.
inline bool may_run_on(int cpu) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return true;  // more CPUs than this set knows: the kernel decides
  return cpu < CPU_SETSIZE && CPU_ISSET(static_cast<std::size_t>(cpu), &set);
}

/// Sets the niceness of the calling thread. Gives: 0 or errno.
inline int set_nice(int nice) noexcept {
  const auto me = static_cast<id_t>(::syscall(SYS_gettid));
  return ::setpriority(PRIO_PROCESS, me, nice) == 0 ? 0 : errno;
}

/// The lowest niceness this process may ask for.
inline int lowest_nice() noexcept {
  if (::geteuid() == 0) return -20;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NICE, &limit) != 0) return 0;
  return limit.rlim_cur >= 40 ? -20 : 20 - static_cast<int>(limit.rlim_cur);
}

}}}  // namespace workpool::v0::detail
