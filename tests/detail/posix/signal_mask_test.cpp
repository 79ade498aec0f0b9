#include <workpool/detail/posix/signal_mask.hpp>

#include "support/catch.hpp"

#include <pthread.h>
#include <signal.h>

#include <set>
#include <thread>

using workpool::detail::signals_blocked;

namespace {

std::set<int> blocked_here() {
  sigset_t mask;
  ::sigemptyset(&mask);
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::set<int> found;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (::sigismember(&mask, signal) == 1) found.insert(signal);
  }
  return found;
}

/// All but those that report a fault of the thread itself, SIGPROF, and those nobody can block.
std::set<int> expected_in_a_worker() {
  std::set<int> all;
  for (int signal = 1; signal < 32; ++signal) all.insert(signal);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) all.insert(signal);
  for (const int open : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF, SIGKILL, SIGSTOP}) {
    all.erase(open);
  }
  return all;
}

}  // namespace

TEST_CASE("every signal is blocked but the synchronous ones and SIGPROF, and then the mask is as before") {
  const auto before = blocked_here();
  {
    const signals_blocked quiet;
    CHECK(blocked_here() == expected_in_a_worker());
    {
      const signals_blocked again;
      CHECK(blocked_here() == expected_in_a_worker());
    }
    CHECK(blocked_here() == expected_in_a_worker());
  }
  CHECK(blocked_here() == before);
}

TEST_CASE("what was blocked before is blocked afterwards, and a blocked fault is let through meanwhile") {
  std::set<int> during, afterwards;
  std::thread([&] {
    sigset_t two;
    ::sigemptyset(&two);
    ::sigaddset(&two, SIGUSR1);
    ::sigaddset(&two, SIGFPE);
    ::pthread_sigmask(SIG_SETMASK, &two, nullptr);
    {
      const signals_blocked quiet;
      during = blocked_here();
    }
    afterwards = blocked_here();
  }).join();
  CHECK(during == expected_in_a_worker());
  CHECK(afterwards == std::set<int>{SIGUSR1, SIGFPE});
}

TEST_CASE("a thread started meanwhile keeps the mask") {
  std::set<int> in_thread;
  std::thread other;
  {
    const signals_blocked quiet;
    other = std::thread([&] { in_thread = blocked_here(); });
  }
  other.join();
  CHECK(in_thread == expected_in_a_worker());
}
