#pragma once
#include <atomic>
#include <csignal>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace parallel_gzip {

/// Ends the program as the signal would have ended it, so that a shell sees 128 + the signal's number and stops a loop.
[[noreturn]] inline void end_by_signal(int number) {
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  std::signal(number, SIG_DFL);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(number);
  ::_exit(128 + number);  // the first process of a container survives its own signals
}

/// Removes the half-written file and ends the program when SIGINT, SIGTERM or SIGHUP arrives, whatever the other
/// threads are doing or waiting for. A thread of its own waits for the signal, so nothing here needs to be
/// asynchronous-signal-safe.
/// SIGINT and SIGHUP stay ignored where the caller ignores them (nohup, a shell's background job).
/// Threads: construct it before any other thread exists: they inherit the blocked signals.
class interrupts {
 public:
  interrupts() {
    ::sigemptyset(&awaited_);
    ::sigaddset(&awaited_, SIGTERM);
    for (const int number : {SIGINT, SIGHUP})
      if (!is_ignored(number)) ::sigaddset(&awaited_, number);
    ::pthread_sigmask(SIG_BLOCK, &awaited_, nullptr);
    watcher_ = std::thread([this] { watch(); });
  }
  ~interrupts() {
    leaving_ = true;
    // NOLINTNEXTLINE(bugprone-bad-signal-to-kill-thread): blocked, so all it does is end the wait
    ::pthread_kill(watcher_.native_handle(), SIGTERM);
    watcher_.join();
  }
  interrupts(const interrupts&) = delete;
  interrupts& operator=(const interrupts&) = delete;

  /// Keeps the program alive while the result lives, for two steps that must not be torn apart.
  [[nodiscard]] std::unique_lock<std::mutex> postpone() { return std::unique_lock(mutex_); }

  /// Names the file to remove, or none with "". Call it while interrupts are postponed.
  void remove_when_interrupted(std::string path) { half_written_ = std::move(path); }

 private:
  static bool is_ignored(int number) {
    struct sigaction current {};
    ::sigaction(number, nullptr, &current);
    return current.sa_handler == SIG_IGN;
  }

  void watch() {
    int number = 0;
    ::sigwait(&awaited_, &number);
    if (leaving_) return;
    const auto until_the_end = postpone();
    if (!half_written_.empty()) ::unlink(half_written_.c_str());
    end_by_signal(number);
  }

  sigset_t awaited_;
  std::mutex mutex_;
  std::string half_written_;           // guarded by mutex_
  std::atomic<bool> leaving_ = false;  // written once, by the destructor
  std::thread watcher_;
};

}  // namespace parallel_gzip
