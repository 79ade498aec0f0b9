// A pool changes no disposition and no mask of its host; its threads receive nothing but the synchronous signals and
// SIGPROF, so that a signal to the process goes to the host's own threads.

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <map>
#include <string>
#include <utility>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"

namespace wp = workpool;

namespace {

using disposition = std::pair<void*, int>;

std::vector<disposition> dispositions() {
  std::vector<disposition> all;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0) continue;
    all.emplace_back(reinterpret_cast<void*>(now.sa_handler), now.sa_flags);
  }
  return all;
}

/// The signals this thread does not receive.
std::vector<int> blocked_here() {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::vector<int> blocked;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (::sigismember(&mask, signal) == 1) blocked.push_back(signal);
  }
  return blocked;
}

bool may_arrive_at_a_worker(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGTRAP:
    case SIGSYS:
    case SIGPROF:
    case SIGKILL:
    case SIGSTOP:  // these two cannot be blocked
      return true;
    default:
      return signal > SIGSYS && signal < SIGRTMIN;  // the C library's own
  }
}

void expect_worker_mask(const std::vector<int>& blocked, const std::string& where) {
  std::map<int, bool> is_blocked;
  for (const int signal : blocked) is_blocked[signal] = true;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (signal > SIGSYS && signal < SIGRTMIN) continue;
    fault::expect(is_blocked[signal] != may_arrive_at_a_worker(signal),
                  std::string(where) + (may_arrive_at_a_worker(signal) ? " receives " : " does not receive ") +
                      ::strsignal(signal));
  }
}

std::atomic<int> received_by_main{0}, received_elsewhere{0};
pid_t main_thread = 0;

void note_receiver(int) {
  const bool here = static_cast<pid_t>(::syscall(SYS_gettid)) == main_thread;
  (here ? received_by_main : received_elsewhere).fetch_add(1);
}

}  // namespace

int main() {
  const workpool_test::hang_trap trap("signals_untouched");
  main_thread = static_cast<pid_t>(::syscall(SYS_gettid));
  ::signal(SIGUSR1, note_receiver);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t some;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGHUP);
  ::sigaddset(&some, SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &some, nullptr);
  const std::vector<disposition> before = dispositions();
  const std::vector<int> mask_before = blocked_here();
  {
    std::vector<int> in_hook;
    wp::thread_pool pool{{.workers = 1, .on_start = [&](wp::worker_id) { in_hook = blocked_here(); }}};
    fault::expect(blocked_here() == mask_before, "the host's mask is as before when a pool is made");
    fault::expect(dispositions() == before, "the host's dispositions are as before when a pool is made");
    expect_worker_mask(pool.submit(blocked_here).get(), "a task");
    expect_worker_mask(in_hook, "on_start");
    auto help_me = pool.submit([] {});
    help_me.get(wp::help);
    for (int n = 1; n <= 100; ++n) {
      ::kill(::getpid(), SIGUSR1);  // received before kill returns, as this thread lets it through
      fault::expect_equal(received_by_main.load() + received_elsewhere.load(), n, "number of signals received");
    }
    fault::expect_equal(received_elsewhere.load(), 0, "number of signals a worker received");
    pool.shutdown();
  }
  fault::expect(blocked_here() == mask_before, "the host's mask is as before when the pool is gone");
  fault::expect(dispositions() == before, "the host's dispositions are as before when the pool is gone");
  return fault::failures;
}
