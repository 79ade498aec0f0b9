#pragma once

#include <sched.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <memory>

namespace workpool { inline namespace v0 { namespace detail {

/// How many CPUs the calling thread, and so every thread it starts, may run on; 0 when the kernel does not say.
/// `ask` stands for sched_getaffinity in tests.
template <class Ask>
std::size_t affinity_count(Ask ask) noexcept {
  struct release {
    void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
  };
  // The kernel answers EINVAL as long as the set is smaller than its own; 2^20 CPUs is far beyond any.
  for (std::size_t cpus = 1024; cpus <= std::size_t{1} << 20; cpus *= 2) {
    const std::unique_ptr<cpu_set_t, release> set(CPU_ALLOC(cpus));
    if (!set) return 0;
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    if (ask(pid_t{0}, bytes, set.get()) == 0) return static_cast<std::size_t>(CPU_COUNT_S(bytes, set.get()));
    if (errno != EINVAL) return 0;
  }
  return 0;
}

inline std::size_t affinity_count() noexcept { return affinity_count(::sched_getaffinity); }

}}}  // namespace workpool::v0::detail
