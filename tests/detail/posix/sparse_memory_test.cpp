#include <workpool/detail/posix/sparse_memory.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <utility>

using workpool::detail::sparse_memory;
using workpool::detail::unique_fd;

namespace {

/// Of memory that was filled, in bytes.
std::size_t filled(const sparse_memory& one) {
  struct stat now {};
  REQUIRE(::fstat(one.get(), &now) == 0);
  return static_cast<std::size_t>(now.st_blocks) * 512;
}

/// How a child ends that writes there. Gives: the signal, or 0.
int signal_of_writing(std::byte* at) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    *at = std::byte{1};
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace

TEST_CASE("only what was filled of sparse memory costs anything, until it is cleared, and then it is zeros") {
  const std::size_t page = sparse_memory::page();
  const sparse_memory all = sparse_memory::make(1000 * page);
  REQUIRE(all);
  CHECK((::fcntl(all.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(filled(all) == 0);
  REQUIRE(all.fill(10 * page, 5 * page));
  CHECK(filled(all) == 5 * page);
  const auto part = all.map(10 * page, 5 * page);
  REQUIRE(part);
  CHECK(part.bytes().size() == 5 * page);
  part.bytes()[7] = std::byte{42};
  CHECK(all.map(10 * page, page).bytes()[7] == std::byte{42});
  all.clear(10 * page, 5 * page);
  CHECK(filled(all) == 0);
  CHECK(all.map(10 * page, page).bytes()[7] == std::byte{});
}

TEST_CASE("parts are the same memory for everybody who has the descriptor, which nobody can make smaller") {
  const std::size_t page = sparse_memory::page();
  const sparse_memory mine = sparse_memory::make(4 * page);
  const sparse_memory theirs(unique_fd(::fcntl(mine.get(), F_DUPFD_CLOEXEC, 0)));
  mine.map(page, page).bytes()[0] = std::byte{5};
  CHECK(theirs.map(page, page).bytes()[0] == std::byte{5});
  CHECK(::ftruncate(theirs.get(), 0) != 0);
  CHECK(errno == EPERM);
}

TEST_CASE("behind a part is nothing that could be written, and a fork of the process does not have it") {
  const std::size_t page = sparse_memory::page();
  const sparse_memory all = sparse_memory::make(4 * page);
  auto part = all.map(0, page);
  const auto next = all.map(page, page);
  auto* const behind = part.bytes().data() + page;
  CHECK(signal_of_writing(behind) == SIGSEGV);
  CHECK(signal_of_writing(part.bytes().data()) == SIGSEGV);
  CHECK(part.bytes()[0] == std::byte{});
  auto moved = std::move(part);
  CHECK_FALSE(part);
  CHECK(moved.bytes()[0] == std::byte{});
}

TEST_CASE("memory beyond the limit of file sizes is refused without a signal") {
  const auto beyond = [] {
    const rlimit small{4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const bool refused = !sparse_memory::make(std::size_t{1} << 30);
    ::_exit(refused && errno == EFBIG ? 0 : 1);
  };
  const ::pid_t child = ::fork();
  if (child == 0) beyond();
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("sizes are rounded up to whole pages") {
  const std::size_t page = sparse_memory::page();
  CHECK(sparse_memory::whole_pages(0) == 0);
  CHECK(sparse_memory::whole_pages(1) == page);
  CHECK(sparse_memory::whole_pages(page) == page);
  CHECK(sparse_memory::whole_pages(page + 1) == 2 * page);
}
