#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/core/worker_info.hpp>
#include <workpool/ipc/channel_kind.hpp>
#include <workpool/pool/completed_options.hpp>
#include <workpool/pool/pool_options.hpp>
#include <workpool/process/child_output.hpp>
#include <workpool/queue/queue_options.hpp>
#include <workpool/resilience/circuit_breaker_options.hpp>
#include <workpool/resilience/quarantine.hpp>
#include <workpool/supervise/health_options.hpp>
#include <workpool/supervise/restart_options.hpp>
#include <workpool/worker/resource_limits.hpp>
#include <workpool/worker/start_method.hpp>

namespace workpool { inline namespace v0 {

/// What can be said of a pool of processes. Units: sizes in bytes; resident is also what a worker has used of shared
/// buffers.
struct fork_pool_options {
  std::string name{};      // in messages and stats; "pool" when empty
  worker_range workers{};  // 0: default_concurrency(); at most 4096. {min, max}: more than min while there is work
  duration idle_timeout = std::chrono::seconds(60);  // workers above min leave after it
  queue_options queue{};                             // on_full::caller_runs is refused: no task runs in the host
  start_method start = start_method::automatic;
  std::vector<std::string> program{};        // of the workers, with its arguments; empty: this one
  std::map<std::string, std::string> env{};  // the workers' environment: what is inherited and this,
  bool clean_env = false;                    // or this alone
  std::size_t max_tasks = 0;                 // a worker is replaced after so many; 0: never
  std::size_t soft_memory = 0;               // resident; above it a worker is replaced between two tasks; 0: never
  std::size_t hard_memory = 0;               // resident; above it a worker is killed; looked at every 20 ms; 0: never
  std::size_t max_message = std::size_t{1} << 31;  // of the arguments of a task, and of its result
  std::size_t buffer_memory = std::size_t{1}
                              << 30;  // of all shared buffers together, in whole pages; 0: there are none
  unsigned max_unavailable = 1;       // workers that may be replaced at a time by the above, and reload()
  duration abort_grace = std::chrono::milliseconds(100);    // from the stop request to SIGTERM
  duration kill_timeout = std::chrono::milliseconds(1600);  // from there to SIGKILL
  duration handshake_timeout = std::chrono::seconds(5);     // from the start of a worker until it answers
  child_output output = child_output::forward;              // what becomes of the workers' stdout and stderr
  std::function<void(worker_id, int fd, std::string_view line)> on_output{};  // for capture; fd 1 or 2
  workpool::on_uncaught on_uncaught = on_uncaught::report;
  std::function<void(std::exception_ptr, task_id)> uncaught_handler{};  // runs in the host; what it throws is counted
  restart_options restart{};        // of a worker that dies while idle or before its first task
  health_options health{};          // questions to idle workers
  quarantine_options quarantine{};  // of keys whose tasks kill workers
  resource_limits limits{};
  int nice = 0;                                      // of the workers, -20 … 19; 0: as it is
  channel_kind channel = channel_kind::automatic;    // what tasks and results travel through
  std::optional<circuit_breaker_options> breaker{};  // opens when the last slot has failed; none: the defaults
  void (*on_start)(worker_id) = nullptr;             // runs in the worker, first: a function, or a captureless lambda
};

namespace detail {

/// Gives: what a pool of processes has in common with one of threads.
inline pool_options common_options(const fork_pool_options& options) {
  pool_options common;
  common.name = options.name;
  common.workers = options.workers;
  common.idle_timeout = options.idle_timeout;
  common.queue = options.queue;
  common.on_uncaught = options.on_uncaught;
  common.uncaught_handler = options.uncaught_handler;
  common.nice = options.nice;
  return common;
}

[[noreturn]] inline void refuse_option(const std::string& field, const std::string& value, const std::string& remedy) {
  throw bad_config(field, field + " is " + value + ": " + remedy);
}

}  // namespace detail

/// Gives: the options. Throws: bad_config, naming the field.
inline const fork_pool_options& checked(const fork_pool_options& options) {
  using detail::in_words;
  using detail::refuse_option;
  checked(detail::common_options(options));
  if (options.queue.on_full == on_full::caller_runs) {
    refuse_option("queue.on_full", "caller_runs", "a task of a fork pool never runs in the host; use block or reject");
  }
  if (static_cast<unsigned>(options.start) > static_cast<unsigned>(start_method::exec)) {
    refuse_option("start", std::to_string(static_cast<unsigned>(options.start)),
                  "use start_method::automatic, zygote, fork or exec");
  }
  if (static_cast<unsigned>(options.channel) > static_cast<unsigned>(channel_kind::socket)) {
    refuse_option("channel", std::to_string(static_cast<unsigned>(options.channel)),
                  "use channel_kind::automatic, rings or socket");
  }
  if (static_cast<unsigned>(options.output) > static_cast<unsigned>(child_output::capture)) {
    refuse_option("output", std::to_string(static_cast<unsigned>(options.output)),
                  "use child_output::forward, inherit, discard or capture");
  }
  if (options.output == child_output::capture && !options.on_output) {
    refuse_option("on_output", "empty", "output is capture, and somebody has to take the lines");
  }
  if (!options.program.empty() && options.program.front().empty()) {
    refuse_option("program", "a list whose first word is empty", "the first word names the file to run");
  }
  if (!options.program.empty() && (options.start == start_method::fork || options.start == start_method::zygote)) {
    refuse_option("program", "'" + options.program.front() + "'",
                  "a fork cannot become another program; leave start out, or use start_method::exec");
  }
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find('=') != name.npos || name.find('\0') != name.npos || value.find('\0') != value.npos) {
      refuse_option("env", "'" + name.substr(0, name.find('\0')) + "'",
                    "a name is not empty and has no '=', and neither it nor its value a NUL");
    }
  }
  if (options.max_message == 0) refuse_option("max_message", "0", "it must be 1 or more");
  if (options.max_unavailable == 0) refuse_option("max_unavailable", "0", "it must be 1 or more");
  if (options.abort_grace < duration::zero()) {
    refuse_option("abort_grace", in_words(options.abort_grace), "it must be 0 or more");
  }
  if (options.kill_timeout < duration::zero()) {
    refuse_option("kill_timeout", in_words(options.kill_timeout), "it must be 0 or more");
  }
  if (options.handshake_timeout <= duration::zero()) {
    refuse_option("handshake_timeout", in_words(options.handshake_timeout), "it must be more than 0");
  }
  if (options.soft_memory != 0 && options.hard_memory != 0 && options.soft_memory > options.hard_memory) {
    refuse_option("soft_memory", std::to_string(options.soft_memory),
                  "it must not be above hard_memory (" + std::to_string(options.hard_memory) + ")");
  }
  checked(options.restart);
  checked(options.health);
  checked(options.quarantine);
  if (options.breaker) checked(*options.breaker);
  return options;
}

namespace detail {

/// Gives: the kind that `automatic` stands for, or the one that was said. Throws: bad_config.
inline channel_kind completed(channel_kind kind) {
  if (kind != channel_kind::automatic) return kind;
  const char* const named = std::getenv("WORKPOOL_CHANNEL");
  const std::string_view word = named != nullptr ? named : "";
  if (word.empty() || word == "rings") return channel_kind::rings;
  if (word == "socket") return channel_kind::socket;
  refuse_option("WORKPOOL_CHANNEL", "'" + std::string(word) + "' in the environment",
                "use rings or socket, or unset it");
}

/// Gives: the options as a pool keeps them, with a name, a size and a channel. Throws: bad_config, naming the field.
inline fork_pool_options completed(fork_pool_options options) {
  checked(options);
  if (options.name.empty()) options.name = "pool";
  options.workers = completed(options.workers);
  options.channel = completed(options.channel);
  return options;
}

}  // namespace detail

}}  // namespace workpool::v0
