#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <workpool/config.hpp>
#include <workpool/core/error.hpp>
#include <workpool/detail/posix/process_image.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/worker/process_role.hpp>
#include <workpool/worker/spawner.hpp>
#include <workpool/worker/start_method.hpp>
#include <workpool/worker/worker_birth.hpp>
#include <workpool/worker/zygote_process.hpp>
#include <workpool/worker/zygote_session.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// inherited: the pools of a process share one zygote. own: a zygote of this pool's own, whose environment is
/// zygote_options::env and nothing else.
enum class zygote_environment : std::uint8_t { inherited, own };

struct zygote_options {
  start_method start = start_method::automatic;
  zygote_environment environment = zygote_environment::inherited;
  std::map<std::string, std::string> env{};  // with `own`
  worker_main main = nullptr;                // what a worker runs where the zygote is a fork of this process
};

/// Gives: how many threads this process has; 0 when nobody tells.
inline std::size_t count_threads() {
  std::error_code unreadable;
  const std::filesystem::directory_iterator all("/proc/self/task", unreadable);
  return unreadable ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// The zygotes of this process, each shared by the sessions of one kind. Threads: any.
class zygote_hall {
 public:
  /// That of this process: a forked child has its own, whatever its parent was doing with its one at that moment.
  WORKPOOL_ONE_PER_PROCESS static zygote_hall& of_this_process() {
    static std::atomic<zygote_hall*> current{nullptr};  // never deleted: sessions may outlive every static object
    zygote_hall* seen = current.load(std::memory_order_acquire);
    while (seen == nullptr || !seen->mark_.same()) {
      auto fresh = std::unique_ptr<zygote_hall>(new zygote_hall(seen));
      if (current.compare_exchange_strong(seen, fresh.get(), std::memory_order_acq_rel)) seen = fresh.release();
    }
    return *seen;
  }

  zygote_session open(const zygote_options& options) {
    const std::lock_guard one_at_a_time(mutex_);
    const auto launch = registered_spawner::get();
    const bool exec = wants_exec(options, launch != nullptr);
    if (exec && launch == nullptr) throw unsafe_fork(remedy(options));
    launch_order order{.program = "/proc/self/exe"};
    if (options.environment == zygote_environment::own) {
      order.base = environment_base::empty;
      order.env.assign(options.env.begin(), options.env.end());
      return zygote_session(zygote_process::by_exec(launch, std::move(order)));
    }
    std::weak_ptr<zygote_process>& shared = exec ? started_ : forked_[options.main];
    const std::shared_ptr<zygote_process> there = shared.lock();
    if (there && there->alive()) {
      try {
        return zygote_session(there);
      } catch (const spawn_failed&) {
        if (there->alive()) throw;  // else it died just now
      }
    }
    if (!exec) check_fork(options);
    auto zygote = exec ? zygote_process::by_exec(launch, std::move(order)) : zygote_process::by_fork(options.main);
    shared = zygote;
    return zygote_session(std::move(zygote));
  }

 private:
  explicit zygote_hall(zygote_hall* parents) : parents_(parents) {}

  static bool wants_exec(const zygote_options& options, bool can_exec) noexcept {
    if (options.environment == zygote_environment::own) return true;
    if (options.start == start_method::automatic) return can_exec;
    return options.start != start_method::fork;
  }

  static void check_fork(const zygote_options& options) {
    if (options.main == nullptr)
      throw bad_config("main", "main is null: a forked zygote must know what its workers run");
    if (options.start == start_method::fork) return;
    if (count_threads() != 1) throw unsafe_fork(remedy(options));
  }

  static std::string remedy(const zygote_options& options) {
    std::string why = options.environment == zygote_environment::own ? "clean_env"
                      : options.start == start_method::automatic
                          ? "a process with " + std::to_string(count_threads()) + " threads"
                          : "start_method::" + std::string(to_string(options.start));
    return why +
           " needs worker_entry to start workers: include <workpool/worker_entry.hpp> in the file with main and make "
           "`if (auto code = workpool::worker_entry(argc, argv)) return *code;` its first line";
  }

  const process_mark mark_ = process_mark::current();
  [[maybe_unused]] const zygote_hall* const parents_;  // keeps it reachable
  std::mutex mutex_{};
  std::weak_ptr<zygote_process> started_{};
  std::map<worker_main, std::weak_ptr<zygote_process>> forked_{};
};

/// A session with the zygote of this process, which is started where there is none. Threads: any. Blocks: while one is
/// started, at most 5 s. Throws: unsafe_fork, spawn_failed, bad_config.
/// A process that was started as a zygote or worker and has not said so by worker_entry would start another one, and so
/// on: it ends here.
inline zygote_session open_session(const zygote_options& options = {}) {
  if (role_is_waiting()) {
    std::fputs(
        "workpool: this process was started as a worker, but its main has not called worker_entry: make `if (auto code "
        "= workpool::worker_entry(argc, argv)) return *code;` its first line\n",
        stderr);
    leave_process(126);
  }
  return zygote_hall::of_this_process().open(options);
}

}}}  // namespace workpool::v0::detail
