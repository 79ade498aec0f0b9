// Hosts with habits of their own: what a fork pool promises does not depend on them.
//   fork_host_habits sigchld | reaper | streams | fork | short_thread | handler | signals

#include <fcntl.h>
#include <pthread.h>
#include <sys/time.h>

#include <atomic>
#include <cerrno>
#include <memory>
#include <string_view>
#include <thread>
#include <tuple>
#include <workpool/core/event.hpp>

#include "fork_host.hpp"
#include "support/shared_numbers.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

/// The kernel reaps for it, and waitpid tells nothing.
void sigchld() {
  ::signal(SIGCHLD, SIG_IGN);
  {
    wp::fork_pool pool({.name = "deaf", .workers = 2});
    fault::expect_service(pool);
  }
  fault::expect(::signal(SIGCHLD, SIG_IGN) == SIG_IGN, "SIGCHLD is still ignored");
  fault::expect(::waitpid(-1, nullptr, WNOHANG) == -1 && errno == ECHILD, "no child is left");
}

/// Takes the status of every child it can get.
void reaper() {
  std::atomic<bool> over{false};
  std::atomic<int> reaped{0};
  std::thread greedy([&] {
    while (!over) {
      if (::waitpid(-1, nullptr, WNOHANG) > 0) ++reaped;
      std::this_thread::yield();
    }
  });
  const auto descriptors = workpool_test::open_descriptors();
  for (int n = 0; n < 5; ++n) {
    wp::fork_pool pool(2);
    fault::expect_service(pool);
  }
  over = true;
  greedy.join();
  fault::expect(workpool_test::open_descriptors() == descriptors, "no descriptor is left");
  // And the other way round: a child of the host is the host's to wait for.
  wp::fork_pool pool(1);
  const pid_t own = ::fork();
  if (own == 0) ::_exit(42);
  fault::expect_service(pool);
  int status = 0;
  fault::expect_equal(::waitpid(own, &status, 0), own, "the host's own child");
  fault::expect_equal(WEXITSTATUS(status), 42, "its exit code");
}

std::string streams_of_a_worker() {
  std::string seen;
  for (const int one : {0, 1, 2}) seen += ::fcntl(one, F_GETFD) >= 0 ? "open " : "closed ";
  char byte = 0;
  return seen + (::read(0, &byte, 1) == 0 ? "empty" : "not empty");
}

/// Started with none, some or all of 0, 1 and 2 closed: what it opens next gets these numbers.
void streams() {
  const int errors = ::fcntl(2, F_DUPFD_CLOEXEC, 10);
  for (const int closed : {7, 1, 6}) {
    const pid_t child = ::fork();
    if (child == 0) {
      for (const int one : {0, 1, 2}) {
        if ((closed >> one & 1) != 0) ::close(one);
      }
      ::setenv("WORKPOOL_TEST_STREAMS", std::to_string(errors).c_str(), 1);
      ::fcntl(errors, F_SETFD, 0);
      ::execl("/proc/self/exe", "fork_host_habits", "closed", nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    fault::expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "a host with streams " + std::to_string(closed) + " closed: " + std::to_string(status));
  }
}
void closed() {
  fault::words_to = std::atoi(std::getenv("WORKPOOL_TEST_STREAMS"));
  const auto descriptors = workpool_test::open_descriptors();
  int failures_in_pool = 0;
  {
    wp::fork_pool pool(2);
    fault::expect_service(pool);
    const std::string seen = pool.submit(streams_of_a_worker).get();
    fault::expect(seen == "open open open empty", "the streams of a worker are open: " + seen);
    for (const int one : {0, 1, 2}) {
      if (descriptors.count(one) == 0 && ::fcntl(one, F_GETFD) >= 0) ++failures_in_pool;
    }
  }
  fault::expect_equal(failures_in_pool, 0, "descriptors of the pool among 0, 1 and 2");
  std::string more;
  for (const int one : workpool_test::open_descriptors()) {
    const std::string link = "/proc/self/fd/" + std::to_string(one);
    char target[256];
    const ssize_t size = descriptors.count(one) == 0 ? ::readlink(link.c_str(), target, sizeof target) : 0;
    if (size > 0) more += " " + std::to_string(one) + " " + std::string(target, static_cast<std::size_t>(size));
  }
  fault::expect(more.empty(), "open when the pool is gone, and not before:" + more);
}

template <class Call>
void refused(const char* what, Call call) {
  const std::string text = fault::thrown_text<wp::forked_child>(call);
  fault::expect(!text.empty(), std::string(what) + " throws forked_child");
  fault::expect_text(text, {"'parents'", "belongs to the process that forked"});
}

/// Forks while its pool works. The pool is nobody's there; a pool of its own may be made.
void fork_host() {
  auto pool = std::make_unique<wp::fork_pool>(wp::fork_pool_options{.name = "parents", .workers = 2});
  fault::expect_service(*pool);
  for (int round = 0; round < 10; ++round) {
    std::vector<wp::future<int>> all;
    for (int n = 0; n < 50; ++n) all.push_back(pool->submit(fault::twice, n));
    const pid_t child = ::fork();
    if (child == 0) {
      refused("submit", [&] { static_cast<void>(pool->submit(fault::twice, 1)); });
      refused("post", [&] { pool->post(fault::abort_here); });
      refused("submit_bulk", [&] { static_cast<void>(pool->submit_bulk(2, [](std::size_t) {})); });
      refused("restart", [&] { pool->restart(0); });
      refused("reload", [&] { pool->reload(); });
      refused("resize", [&] { pool->resize(1); });
      refused("wait_idle", [&] { pool->wait_idle(); });
      refused("shutdown", [&] { static_cast<void>(pool->shutdown()); });
      refused("stats", [&] { static_cast<void>(pool->stats()); });
      pool.reset();  // joins nothing and ends nobody
      if (round % 5 == 0) {
        wp::fork_pool own(1);
        fault::expect_equal(own.submit(fault::twice, 4).get(), 8, "a result in a pool of its own");
      }
      ::_exit(fault::failures);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    fault::expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ends well: " + std::to_string(status));
    for (int n = 0; n < 50; ++n) {
      fault::expect_equal(all[static_cast<std::size_t>(n)].get(), 2 * n, "a result of the parent's pool");
    }
  }
  fault::expect_equal(pool->stats().worker_lost, 2U, "workers lost in the parent");
}

/// The thread that makes a pool ends at once.
void short_thread() {
  std::unique_ptr<wp::fork_pool> pool;
  std::thread([&] { pool = std::make_unique<wp::fork_pool>(2); }).join();
  const int worker = pool->submit(fault::own_number).get();
  for (int n = 0; n < 50; ++n) ::usleep(1000);
  fault::expect(workpool_test::runs(worker), "the workers live on");
  fault::expect_service(*pool);
  std::thread([&] { pool.reset(); }).join();
  fault::expect(!workpool_test::runs(worker), "the workers end with the pool");
}

/// The last owner of the pool is one of its own handlers.
void handler() {
  std::atomic<bool> gone{false};
  auto owner = std::make_shared<std::unique_ptr<wp::fork_pool>>(std::make_unique<wp::fork_pool>(2));
  const int worker = (*owner)->submit(fault::own_number).get();
  std::vector<wp::future<int>> waiting;
  (*owner)->on_event<wp::event::worker_exited>([owner, &gone](const auto&) {
    owner->reset();
    gone = true;
  });
  for (int n = 0; n < 20; ++n) waiting.push_back((*owner)->submit(fault::twice, n));
  workpool_test::shared_numbers_side numbers;
  (*owner)->post(
      [](workpool_test::shared_numbers all) {
        while (all.row()[0] == 0) ::usleep(1000);
        ::_exit(3);
      },
      numbers.handle());
  numbers.set(0, 1);  // from here on nobody but the handler uses it
  fault::expect(workpool_test::eventually([&] { return gone.load(); }), "the handler has ended the pool");
  for (int n = 0; n < 20; ++n) fault::expect_equal(waiting[static_cast<std::size_t>(n)].get(), 2 * n, "a result");
  fault::expect(workpool_test::eventually([&] { return !workpool_test::runs(worker); }), "its workers have ended");
  wp::fork_pool next(1);
  fault::expect_service(next);
}

using disposition = std::tuple<void*, int, int>;
std::vector<disposition> dispositions() {
  std::vector<disposition> all;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) != 0) continue;
    sigset_t& blocked = now.sa_mask;
    int count = 0;
    for (int one = 1; one <= SIGRTMAX; ++one) count += ::sigismember(&blocked, one) == 1 ? 1 : 0;
    all.emplace_back(reinterpret_cast<void*>(now.sa_handler), now.sa_flags, count);
  }
  return all;
}
std::vector<int> blocked_here() {
  sigset_t mask;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  std::vector<int> blocked;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (::sigismember(&mask, signal) == 1) blocked.push_back(signal);
  }
  return blocked;
}
std::size_t ignored_or_blocked() {
  std::size_t count = blocked_here().size();
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    struct sigaction now {};
    if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) ++count;
  }
  return count;
}

std::atomic<int> received{0};
std::size_t size_of(const std::string& text) { return text.size(); }

/// From now on every call that waits here is interrupted again and again; by 0 no longer.
void interrupt_every(std::chrono::microseconds period) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  ::sigaction(SIGALRM, &action, nullptr);  // without SA_RESTART
  itimerval timer{};
  timer.it_interval.tv_usec = timer.it_value.tv_usec = static_cast<suseconds_t>(period.count());
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

/// Its handlers, mask and dispositions stay, and are not its workers'.
void signals() {
  ::signal(SIGUSR1, [](int) { ++received; });
  interrupt_every(0ms);  // its handler stays
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGHUP, SIG_IGN);
  sigset_t some;
  ::sigemptyset(&some);
  ::sigaddset(&some, SIGTERM);
  ::sigaddset(&some, SIGCHLD);
  ::pthread_sigmask(SIG_SETMASK, &some, nullptr);
  const auto before = dispositions();
  const auto mask = blocked_here();
  {
    wp::fork_pool pool(2);
    fault::expect(dispositions() == before, "the dispositions are as before when a pool is made");
    fault::expect(blocked_here() == mask, "the mask is as before when a pool is made");
    fault::expect_equal(pool.submit(ignored_or_blocked).get(), 0U, "signals a worker ignores or blocks");
    fault::expect_service(pool);
    for (int n = 1; n <= 100; ++n) {
      ::kill(::getpid(), SIGUSR1);
      fault::expect_equal(received.load(), n, "signals received");
    }
    interrupt_every(1ms);
    for (int n = 0; n < 5; ++n) {
      fault::expect_service(pool);
      fault::expect_equal(pool.submit(size_of, std::string(3'000'000, 'x')).get(), 3'000'000U, "a size");
    }
    interrupt_every(0ms);
    int adopts = 1;
    ::prctl(PR_GET_CHILD_SUBREAPER, &adopts);
    fault::expect_equal(adopts, 0, "being a subreaper");
    auto long_one = pool.submit(fault::leave_with, 0);  // writes to a worker that is gone: SIGPIPE would end us
    long_one.wait();
    for (int n = 0; n < 20; ++n) {
      for (const auto& one : pool.workers()) {
        if (one.pid != 0) ::kill(one.pid, SIGKILL);
      }
      try {
        static_cast<void>(pool.submit(fault::twice, n).wait_for(10ms));
      } catch (const wp::pool_broken&) {
        break;
      }
    }
  }
  fault::expect(dispositions() == before, "the dispositions are as before when the pool is gone");
  fault::expect(blocked_here() == mask, "the mask is as before when the pool is gone");
}

}  // namespace

int forking_main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "fork" && fault::forks_are_odd) return fault::skipped;
  const workpool_test::hang_trap trap("fork_host_habits " + std::string(mode));
  if (mode == "sigchld")
    sigchld();
  else if (mode == "reaper")
    reaper();
  else if (mode == "streams")
    streams();
  else if (mode == "closed")
    closed();
  else if (mode == "fork")
    fork_host();
  else if (mode == "short_thread")
    short_thread();
  else if (mode == "handler")
    handler();
  else if (mode == "signals")
    signals();
  else
    return 2;
  return fault::failures;
}
