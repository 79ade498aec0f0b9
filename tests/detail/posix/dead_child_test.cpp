#include <workpool/detail/posix/dead_child.hpp>

#include "support/catch.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;

namespace {

template <class Body>
dead_child end_of(Body body) {
  sigset_t deaths;
  ::sigemptyset(&deaths);
  ::sigaddset(&deaths, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &deaths, nullptr);
  const unique_fd watch = watch_children();
  if (!watch || next_dead_child() != -1) return {};
  const int child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  if (!workpool_test::readable_within(watch.get(), 10'000)) return {};
  forget_death_notices(watch.get());
  if (workpool_test::readable_within(watch.get(), 0)) return {};
  if (next_dead_child() != child || next_dead_child() != child) return {};
  const dead_child end = reap_child(child);
  return end.pid == child && next_dead_child() == -1 ? end : dead_child{};
}

}  // namespace

TEST_CASE("a child that left is told apart from one that was killed, and both exactly") {
  CHECK(code_of_child([] {
          const dead_child left = end_of([] { ::_exit(42); });
          if (left.pid == 0 || left.exit_code != 42 || left.signal != 0) return 1;
          const dead_child killed = end_of([] { ::raise(SIGKILL); });
          return killed.pid != 0 && killed.exit_code == 0 && killed.signal == SIGKILL ? 0 : 2;
        }) == 0);
}

TEST_CASE("memory and processor time of the dead are known") {
  CHECK(code_of_child([] {
          constexpr std::size_t size = std::size_t{40} << 20;
          const dead_child end = end_of([] {
            volatile char* const memory = static_cast<char*>(std::malloc(size));
            for (std::size_t at = 0; at < size; at += 512) memory[at] = 1;
            while (std::clock() < CLOCKS_PER_SEC / 20) {
            }
          });
          if (end.max_rss < size || end.max_rss > size * 100) return 1;
          return end.cpu_time >= std::chrono::milliseconds(30) && end.cpu_time < std::chrono::seconds(20) ? 0 : 2;
        }) == 0);
}

TEST_CASE("a child that runs is not a dead one") {
  CHECK(code_of_child([] {
          const int child = ::fork();
          if (child == 0) {
            while (true) ::pause();
          }
          const bool none = next_dead_child() == 0;
          ::kill(child, SIGKILL);
          return none && reap_child(child).signal == SIGKILL ? 0 : 1;
        }) == 0);
}
