#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/detail/posix/thread_tuning.hpp>
#include <workpool/queue/queue_options.hpp>

namespace workpool { inline namespace v0 {

/// How many workers: `.workers = 4`; 0 stands for default_concurrency().
struct worker_range {
  std::size_t min = 0, max = 0;
  constexpr worker_range() = default;
  constexpr worker_range(std::size_t n) : min(n), max(n) {}
  constexpr worker_range(std::size_t lowest, std::size_t highest) : min(lowest), max(highest) {}
};

/// What a posted task that throws leads to; nobody holds a future of it.
enum class on_uncaught : std::uint8_t {
  report,     // uncaught_handler is called, or a line written to standard error where there is none
  terminate,  // the same, then std::terminate
  ignore      // nothing; the task counts as failed
};

struct pool_options {
  std::string name{};      // in thread names, messages and stats; "pool" when empty
  worker_range workers{};  // 0: default_concurrency(); at most 4096. {min, max}: more than min while there is work
  duration idle_timeout = std::chrono::seconds(60);  // workers above min leave after it
  queue_options queue{};
  workpool::on_uncaught on_uncaught = on_uncaught::report;
  std::function<void(std::exception_ptr, task_id)> uncaught_handler{};  // runs on the worker; what it throws is counted
  std::function<void(worker_id)> on_start{}, on_stop{};                 // run on the worker, first and last
  std::vector<int> cpus{};                   // where the workers may run; empty: where the thread that starts them may
  int nice = 0;                              // of the workers, -20 … 19; 0: as it is
  std::optional<std::size_t> max_overrun{};  // spares for overrunning and waiting workers; none: as many as workers
};

inline constexpr std::size_t most_workers = 4096;

/// Gives: the range. Throws: bad_config, naming the field.
inline worker_range checked(worker_range range) {
  const auto [min, max] = range;
  if (min > max) {
    throw bad_config("workers.min", "workers.min is " + std::to_string(min) + " and workers.max is " +
                                        std::to_string(max) + ": min must not be above max");
  }
  if (max > most_workers) {
    throw bad_config("workers", "workers is " + std::to_string(max) + ": at most " + std::to_string(most_workers) +
                                    " are possible (0 takes as many as this machine runs at once)");
  }
  return range;
}

/// Gives: the options. Throws: bad_config, naming the field.
inline const pool_options& checked(const pool_options& options) {
  checked(options.workers);
  if (options.idle_timeout < duration::zero()) {
    throw bad_config("idle_timeout", "idle_timeout is " + detail::in_words(options.idle_timeout) +
                                         ": it must be 0 or more (duration::max() keeps every worker)");
  }
  for (const int cpu : options.cpus) {
    if (cpu >= 0 && detail::may_run_on(cpu)) continue;
    throw bad_config("cpus", "cpus contains " + std::to_string(cpu) +
                                 ": this process may not run there (its affinity mask or cgroup says where it may)");
  }
  if (options.nice < -20 || options.nice > 19 || (options.nice < 0 && options.nice < detail::lowest_nice())) {
    throw bad_config("nice", "nice is " + std::to_string(options.nice) +
                                 ": it must be -20 to 19, and below 0 only with CAP_SYS_NICE or RLIMIT_NICE");
  }
  if (options.max_overrun.value_or(0) > most_workers) {
    throw bad_config("max_overrun", "max_overrun is " + std::to_string(*options.max_overrun) + ": at most " +
                                        std::to_string(most_workers) + " spares are possible");
  }
  if (static_cast<unsigned>(options.on_uncaught) > static_cast<unsigned>(on_uncaught::ignore)) {
    throw bad_config("on_uncaught", "on_uncaught is " + std::to_string(static_cast<unsigned>(options.on_uncaught)) +
                                        ": use on_uncaught::report, terminate or ignore");
  }
  checked(options.queue);
  return options;
}

}}  // namespace workpool::v0
