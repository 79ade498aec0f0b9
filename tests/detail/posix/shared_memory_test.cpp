#include <workpool/detail/posix/shared_memory.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <utility>

using workpool::detail::shared_memory;
using workpool::detail::unique_fd;

namespace {

constexpr std::size_t page = 4096;  // bytes

struct word {
  std::atomic<std::uint32_t> value{0};
};

}  // namespace

TEST_CASE(
    "both mappings of shared memory are the same memory, which begins as zeros and needs no descriptor any more") {
  unique_fd descriptor = shared_memory::make(page);
  REQUIRE(descriptor);
  CHECK((::fcntl(descriptor.get(), F_GETFD) & FD_CLOEXEC) != 0);
  const shared_memory one = shared_memory::of(descriptor.get(), page);
  const shared_memory other = shared_memory::of(descriptor.get(), page);
  descriptor.reset();
  REQUIRE((one && other));
  CHECK(one.as<word>().value == 0);
  one.as<word>().value = 42;
  CHECK(other.as<word>().value == 42);
}

TEST_CASE("what a process has written is there after it was killed") {
  const unique_fd descriptor = shared_memory::make(page);
  const shared_memory memory = shared_memory::of(descriptor.get(), page);
  REQUIRE(memory);
  const pid_t child = ::fork();
  if (child == 0) {
    memory.as<word>().value = 7;
    ::raise(SIGKILL);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WTERMSIG(status) == SIGKILL);
  CHECK(memory.as<word>().value == 7);
}

TEST_CASE("nobody can take shared memory from the others") {
  const unique_fd descriptor = shared_memory::make(page);
  REQUIRE(descriptor);
  CHECK(::ftruncate(descriptor.get(), 0) == -1);
  CHECK(errno == EPERM);
  CHECK(::ftruncate(descriptor.get(), 2 * page) == -1);
}

TEST_CASE("shared memory that was moved from, or of no descriptor, is empty") {
  const unique_fd descriptor = shared_memory::make(page);
  shared_memory one = shared_memory::of(descriptor.get(), page);
  const shared_memory other = std::move(one);
  CHECK(other);
  CHECK_FALSE(one);
  CHECK_FALSE(shared_memory::of(-1, page));
  CHECK_FALSE(shared_memory());
}
