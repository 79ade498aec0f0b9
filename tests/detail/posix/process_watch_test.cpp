#include <workpool/detail/posix/process_watch.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;
using workpool_test::readable_within;

TEST_CASE("a watch can be read when its process has ended, which ending it through the watch makes it do") {
  const int child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  const unique_fd watch = watch_process(child);
  REQUIRE(watch);
  CHECK(::fcntl(watch.get(), F_GETFD) == FD_CLOEXEC);
  CHECK_FALSE(readable_within(watch.get(), 0));
  reap_watched(watch.get());  // not yet
  end_watched(watch.get());
  REQUIRE(readable_within(watch.get(), 10'000));
  reap_watched(watch.get());
  CHECK(::waitpid(child, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
  reap_watched(watch.get());  // nobody minds
  end_watched(watch.get());
}

TEST_CASE("a process that nobody is cannot be watched") {
  CHECK_FALSE(watch_process(1 << 30));
  CHECK(errno == ESRCH);
}

TEST_CASE("reaping a child that the host's disposition has reaped already is no error and no wait") {
  CHECK(code_of_child([] {
          ::signal(SIGCHLD, SIG_IGN);
          const int child = ::fork();
          if (child == 0) ::_exit(1);
          reap_soon(child);
          end_process(-1);
          return this_process() == ::getpid() && parent_process() == ::getppid() ? 0 : 1;
        }) == 0);
}
