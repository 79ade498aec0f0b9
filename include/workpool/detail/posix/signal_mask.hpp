#pragma once
#include <pthread.h>
#include <signal.h>

#include <initializer_list>

namespace workpool { inline namespace v0 { namespace detail {

/// While it lives, this thread, and every thread it starts, receives no signal but the synchronous ones (a fault is the
/// fault of who made it) and SIGPROF, so that profilers see the workers.
/// Threads: to be destroyed by the thread that made it.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t blocked;
    ::sigfillset(&blocked);
    for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF}) {
      ::sigdelset(&blocked, signal);
    }
    ::pthread_sigmask(SIG_SETMASK, &blocked, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}}}  // namespace workpool::v0::detail
