#include <workpool/detail/posix/clean_child.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <set>
#include <string>
#include <workpool/detail/posix/pipe.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;
using workpool_test::open_descriptors;

namespace {

struct limits {
  std::size_t address_space = 0, core = 0;
  unsigned open_files = 0, cpu_seconds = 0;
};

void block_everything() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

/// make_clean in a child of this process that begins as dirty as can be, then `check`.
template <class Check>
int after_make_clean(child_state wanted, const limits& limited, Check check) {
  wanted.parent = ::getpid();
  std::fflush(stdout);  // a sanitizer flushes at every end, also what is this process's
  return code_of_child([&] {
    block_everything();
    for (const int signal : {SIGINT, SIGCHLD, SIGPIPE, SIGUSR1, SIGRTMAX}) ::signal(signal, SIG_IGN);
    ::signal(SIGTERM, [](int) {});
    for (const int number : {30, 31, 32}) ::dup2(1, number);
    const child_fault fault = make_clean(wanted, limited);
    return check(fault);
  });
}

}  // namespace

TEST_CASE("a clean child has an empty mask, default dispositions and a process group of its own") {
  CHECK(after_make_clean({}, limits{}, [](const child_fault& fault) {
          if (fault) return 1;
          sigset_t mask;
          ::sigprocmask(SIG_SETMASK, nullptr, &mask);
          for (int signal = 1; signal < NSIG; ++signal) {
            if (::sigismember(&mask, signal) == 1) return 2;
            struct sigaction now {};
            if (::sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_DFL) return 3;
          }
          return ::getpgrp() == ::getpid() ? 0 : 4;
        }) == 0);
}

TEST_CASE("a clean child has the listed descriptors, an empty standard input, and no others") {
  CHECK(after_make_clean({.kept = {31, -1, -1}}, limits{}, [](const child_fault& fault) {
          if (fault) return 1;
          char byte = 0;
          if (::read(0, &byte, 1) != 0) return 2;
          return open_descriptors() == std::set<int>{0, 1, 2, 31} ? 0 : 3;
        }) == 0);
}

TEST_CASE("a clean child writes where it was told to") {
  pipe_ends out = pipe_ends::make(), err = pipe_ends::make();
  REQUIRE(out);
  REQUIRE(err);
  const child_state wanted{.out = out.writing.get(), .err = err.writing.get()};
  CHECK(after_make_clean(wanted, limits{}, [](const child_fault& fault) {
          if (fault) return 1;
          return ::write(1, "out", 3) == 3 && ::write(2, "err", 3) == 3 ? 0 : 2;
        }) == 0);
  out.writing.reset();
  err.writing.reset();
  CHECK(workpool_test::read_all(out.reading.get()) == "out");
  CHECK(workpool_test::read_all(err.reading.get()) == "err");
}

TEST_CASE("the working directory and the umask stay") {
  CHECK(code_of_child([] {
          if (::chdir("/") != 0) return 10;
          ::umask(0123);
          return after_make_clean({}, limits{}, [](const child_fault& fault) {
            char where[8] = {};
            const bool here = ::getcwd(where, sizeof where) != nullptr && std::string(where) == "/";
            return !fault && here && ::umask(0) == 0123 ? 0 : 1;
          });
        }) == 0);
}

TEST_CASE("limits that were asked for hold, and the others are inherited") {
  rlimit inherited{};
  ::getrlimit(RLIMIT_AS, &inherited);
  CHECK(after_make_clean({}, limits{.core = 4096, .open_files = 50, .cpu_seconds = 7}, [&](const child_fault& fault) {
          if (fault) return 1;
          rlimit now{};
          ::getrlimit(RLIMIT_NOFILE, &now);
          if (now.rlim_cur != 50 || now.rlim_max != 50) return 2;
          ::getrlimit(RLIMIT_CORE, &now);
          if (now.rlim_cur != std::min<rlim_t>(4096, now.rlim_max)) return 3;
          ::getrlimit(RLIMIT_CPU, &now);
          if (now.rlim_cur != 7 || now.rlim_max != 8) return 4;
          ::getrlimit(RLIMIT_AS, &now);
          return now.rlim_cur == inherited.rlim_cur ? 0 : 5;
        }) == 0);
}

TEST_CASE("a child that used up its processor time dies of SIGXCPU") {
  CHECK(after_make_clean({}, limits{.cpu_seconds = 1}, [](const child_fault& fault) {
          if (fault) return 1;
          for (volatile unsigned turn = 0;;) turn = turn + 1;
        }) == 128 + SIGXCPU);
}

TEST_CASE("a limit that cannot be set is the fault that is told, with its errno") {
  if (::geteuid() != 0) SKIP("needs root to give its rights up");
  CHECK(code_of_child([] {
          const rlimit low{100, 100};
          ::setrlimit(RLIMIT_NOFILE, &low);
          if (::setuid(65534) != 0) return 10;
          return after_make_clean({}, limits{.open_files = 101}, [](const child_fault& fault) {
            return fault.error == EPERM && std::string(fault.step) == "limits.open_files" ? 0 : 1;
          });
        }) == 0);
}

TEST_CASE("nice is set when it is not 0") {
  CHECK(after_make_clean({.nice = 5}, limits{}, [](const child_fault& fault) {
          return !fault && ::getpriority(PRIO_PROCESS, 0) == 5 ? 0 : 1;
        }) == 0);
}

TEST_CASE("a signal sent before the child was clean finds it with the default disposition") {
  CHECK(code_of_child([] {
          block_everything();
          ::signal(SIGTERM, SIG_IGN);
          const int parent = ::getpid();
          return code_of_child([&] {
            ::raise(SIGTERM);
            make_clean({.parent = parent}, limits{});
            return 0;
          });
        }) == 128 + SIGTERM);
}

TEST_CASE("a clean child dies with its parent") {
  pipe_ends alive = pipe_ends::make();
  REQUIRE(alive);
  CHECK(code_of_child([&] {
          const int parent = ::getpid();
          if (::fork() == 0) {
            make_clean({.parent = parent, .kept = {alive.writing.get(), -1, -1}}, limits{});
            workpool_test::write_text(alive.writing.get(), "c");
            while (true) ::pause();
          }
          char byte = 0;
          return ::read(alive.reading.get(), &byte, 1) == 1 ? 0 : 1;
        }) == 0);
  alive.writing.reset();
  CHECK(workpool_test::readable_within(alive.reading.get(), 5000));
}

TEST_CASE("a child whose parent is dead already does not begin") {
  CHECK(code_of_child([] {
          make_clean({.parent = 1 << 30}, limits{});
          return 1;
        }) == 0);
}

TEST_CASE("orphans of a clean child stay with it as long as it lives") {
  CHECK(after_make_clean({}, limits{}, [](const child_fault& fault) {
          int reaper = 0;
          ::prctl(PR_GET_CHILD_SUBREAPER, &reaper);
          return !fault && reaper == 1 ? 0 : 1;
        }) == 0);
}
