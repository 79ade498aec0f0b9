#pragma once
#include <atomic>
#include <csignal>
#include <functional>
#include <thread>
#include <utility>

#include <pthread.h>
#include <unistd.h>

namespace crash_proof {

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

/// Calls a function when SIGINT, SIGTERM or SIGHUP arrives for the first time. A thread of its own waits for the
/// signal, so the function may do what it likes. SIGINT and SIGHUP stay ignored where the caller ignores them.
/// The threads of a pool take no signals, so it may exist already.
class interrupts {
 public:
  explicit interrupts(std::function<void()> act) : act_(std::move(act)) {
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

  /// Gives: the signal that has arrived; 0 for none.
  int number() const { return number_; }

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
    number_ = number;
    act_();
  }

  sigset_t awaited_;
  const std::function<void()> act_;
  std::atomic<int> number_ = 0;
  std::atomic<bool> leaving_ = false;
  std::thread watcher_;
};

}  // namespace crash_proof
