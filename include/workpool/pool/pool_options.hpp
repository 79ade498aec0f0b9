#pragma once
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <workpool/core/error.hpp>
#include <workpool/core/worker_info.hpp>
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
  worker_range workers{};  // 0: default_concurrency(); at most 4096
  queue_options queue{};
  workpool::on_uncaught on_uncaught = on_uncaught::report;
  std::function<void(std::exception_ptr, task_id)> uncaught_handler{};  // runs on the worker; what it throws is counted
  std::function<void(worker_id)> on_start{}, on_stop{};                 // run on the worker, first and last
};

inline constexpr std::size_t most_workers = 4096;

/// Gives: the options. Throws: bad_config, naming the field.
inline const pool_options& checked(const pool_options& options) {
  const auto [min, max] = options.workers;
  if (min > max) {
    throw bad_config("workers.min", "workers.min is " + std::to_string(min) + " and workers.max is " +
                                        std::to_string(max) + ": min must not be above max");
  }
  if (max > most_workers) {
    throw bad_config("workers", "workers is " + std::to_string(max) + ": at most " + std::to_string(most_workers) +
                                    " are possible (0 takes as many as this machine runs at once)");
  }
  if (min != max) {
    throw bad_config("workers", "workers is {" + std::to_string(min) + ", " + std::to_string(max) +
                                    "}: the size of a pool is fixed, give one number");
  }
  if (static_cast<unsigned>(options.on_uncaught) > static_cast<unsigned>(on_uncaught::ignore)) {
    throw bad_config("on_uncaught", "on_uncaught is " + std::to_string(static_cast<unsigned>(options.on_uncaught)) +
                                        ": use on_uncaught::report, terminate or ignore");
  }
  checked(options.queue);
  return options;
}

}}  // namespace workpool::v0
