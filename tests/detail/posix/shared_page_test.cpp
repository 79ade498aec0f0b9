#include <workpool/detail/posix/shared_page.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

using workpool::detail::shared_page;
using workpool::detail::unique_fd;

namespace {

struct word {
  std::atomic<std::uint32_t> value{0};
};

}  // namespace

TEST_CASE("both mappings of a page are the same memory, which begins as zeros and needs no descriptor any more") {
  unique_fd descriptor = shared_page::make();
  REQUIRE(descriptor);
  CHECK((::fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const shared_page one = shared_page::of(descriptor.get());
  const shared_page other = shared_page::of(descriptor.get());
  descriptor.reset();
  REQUIRE((one && other));
  CHECK(one.as<word>().value == 0);
  one.as<word>().value = 42;
  CHECK(other.as<word>().value == 42);
}

TEST_CASE("what a process has written is there after it was killed") {
  const unique_fd descriptor = shared_page::make();
  const shared_page page = shared_page::of(descriptor.get());
  REQUIRE(page);
  const pid_t child = ::fork();
  if (child == 0) {
    page.as<word>().value = 7;
    ::raise(SIGKILL);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(page.as<word>().value == 7);
}

TEST_CASE("nobody can take the memory of a page from the others") {
  const unique_fd descriptor = shared_page::make();
  REQUIRE(descriptor);
  CHECK(::ftruncate(descriptor.get(), 0) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(descriptor.get(), 2 * shared_page::size) == -1);
}

TEST_CASE("a page that was moved from, or of no descriptor, is empty") {
  const unique_fd descriptor = shared_page::make();
  shared_page one = shared_page::of(descriptor.get());
  const shared_page other = std::move(one);
  CHECK(other);
  CHECK_FALSE(one);
  CHECK_FALSE(shared_page::of(-1));
  CHECK_FALSE(shared_page());
}
