#include <workpool/detail/posix/orphan_sweep.hpp>

#include "support/catch.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <thread>
#include <vector>
#include <workpool/detail/posix/pipe.hpp>

#include "support/eventually.hpp"
#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;

namespace {

int start_sleeper() {
  const int child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  return child;
}

void end_and_reap(int child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

std::vector<int> sorted(std::vector<int> numbers) {
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

/// A child that has a child in a session of its own, whose pid this gives, and is gone.
int start_stray() {
  const pipe_ends told = pipe_ends::make();
  code_of_child([&] {
    const int grandchild = ::fork();
    if (grandchild == 0) {
      ::setsid();
      const int stray = ::getpid();
      if (::write(told.writing.get(), &stray, sizeof stray) < 0) ::_exit(1);
      while (true) ::pause();
    }
    return 0;
  });
  int stray = 0;
  return ::read(told.reading.get(), &stray, sizeof stray) == sizeof stray ? stray : -1;
}

}  // namespace

TEST_CASE("the children of a process are found, dead ones too and those that another thread started") {
  const auto search = GENERATE(child_search::quickest, child_search::every_process);
  CHECK(code_of_child([&] {
          if (!own_children(search).empty()) return 1;
          const int alive = start_sleeper();
          const int dead = start_sleeper();
          ::kill(dead, SIGKILL);
          siginfo_t end{};
          ::waitid(P_PID, static_cast<id_t>(dead), &end, WEXITED | WNOWAIT);
          int of_thread = 0;
          const auto count_threads = [] { return numbers_in("/proc/self/task").size(); };
          const std::size_t threads = count_threads();
          std::thread([&] { of_thread = start_sleeper(); }).join();
          // A moment later the kernel hands on its child, and forgets it.
          if (!workpool_test::eventually([&] { return count_threads() <= threads; })) return 3;
          const bool found = sorted(own_children(search)) == sorted({alive, dead, of_thread});
          for (const int one : {alive, dead, of_thread}) end_and_reap(one);
          return found && own_children(search).empty() ? 0 : 2;
        }) == 0);
}

TEST_CASE("the parent of a process is found whatever that one is called") {
  CHECK(code_of_child([] {
          const int parent = ::getpid();
          return code_of_child([&] {
            ::prctl(PR_SET_NAME, "a) Z 1 (b");
            return parent_of(::getpid()) == parent ? 0 : 1;
          });
        }) == 0);
  CHECK(parent_of(1 << 30) == 0);
}

TEST_CASE("a process that ends while its parent is looked for is no error") {
  CHECK(code_of_child([] {
          ::signal(SIGCHLD, SIG_IGN);  // it is gone as soon as it ends
          for (int n = 0; n < 3000; ++n) {
            const int child = ::fork();
            if (child == 0) ::_exit(0);
            for (int look = 0; look < 3; ++look) {
              const int parent = parent_of(child);
              if (parent != 0 && parent != ::getpid()) return 1;
            }
          }
          return 0;
        }) == 0);
}

TEST_CASE("a signal to a group reaches everybody in it, and a child that leads none alone") {
  CHECK(code_of_child([] {
          pipe_ends told = pipe_ends::make();
          const int leader = ::fork();
          if (leader == 0) {
            ::setpgid(0, 0);
            start_sleeper();
            workpool_test::write_text(told.writing.get(), "x");
            while (true) ::pause();
          }
          char byte = 0;
          if (::read(told.reading.get(), &byte, 1) != 1) return 1;
          told.writing.reset();
          if (signal_group(leader, SIGUSR1) != 0) return 2;
          if (!workpool_test::readable_within(told.reading.get(), 5000)) return 3;  // both have closed it
          ::waitpid(leader, nullptr, 0);
          const int alone = start_sleeper();
          if (signal_group(alone, SIGUSR1) != 0) return 4;
          int status = 0;
          ::waitpid(alone, &status, 0);
          return WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1 ? 0 : 5;
        }) == 0);
}

TEST_CASE("nobody is meant by the numbers that mean everybody to kill") {
  for (const int nobody : {1, 0, -1, -5}) {
    CHECK(signal_group(nobody, SIGTERM) == EINVAL);
    CHECK(end_child(nobody) == EINVAL);
  }
}

TEST_CASE("a sweep ends orphans that left their group, generation by generation, and spares who is spared") {
  const auto search = GENERATE(child_search::quickest, child_search::every_process);
  CHECK(code_of_child([&] {
          if (become_subreaper() != 0) return 1;
          const int spared = start_sleeper();
          const int stray = start_stray();
          if (stray < 0 || !workpool_test::runs(stray)) return 2;
          std::size_t seen = 0;
          while (const std::size_t found = sweep_orphans([&](int child) { return child == spared; }, search)) {
            seen += found;
            ::waitpid(stray, nullptr, 0);
          }
          const bool right = seen == 1 && workpool_test::runs(spared) && !workpool_test::runs(stray);
          end_and_reap(spared);
          return right ? 0 : 3;
        }) == 0);
}
