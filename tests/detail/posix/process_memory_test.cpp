#include <workpool/detail/posix/process_memory.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <utility>
#include <workpool/detail/posix/pipe.hpp>

using namespace workpool::detail;

TEST_CASE("resident pages are the second number, and a text without it is refused") {
  CHECK(resident_pages("2345 678 512 3 0 99 0\n") == 678u);
  CHECK(resident_pages("1 2") == 2u);
  CHECK(resident_pages("0 0 0 0 0 0 0\n") == 0u);
  CHECK_FALSE(resident_pages(""));
  CHECK_FALSE(resident_pages("2345"));
  CHECK_FALSE(resident_pages("2345 "));
  CHECK_FALSE(resident_pages("2345 many 3"));
  CHECK_FALSE(resident_pages("2345 12x 3"));
  CHECK_FALSE(resident_pages("2345 99999999999999999999999 3"));
}

TEST_CASE("memory that is touched shows in the own resident memory, and so does its return") {
  const process_memory own = process_memory::own();
  REQUIRE(own);
  constexpr std::size_t much = std::size_t{32} << 20, doubt = std::size_t{8} << 20;
  const auto before = own.resident();
  REQUIRE(before);
  REQUIRE(*before > 0);
  void* const memory = ::mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  std::memset(memory, 1, much);
  const auto during = own.resident();
  REQUIRE(::munmap(memory, much) == 0);
  const auto afterwards = own.resident();
  REQUIRE(during);
  REQUIRE(afterwards);
  CHECK(*during > *before + much - doubt);
  CHECK(*afterwards < *during - much + doubt);
}

TEST_CASE("the memory of another process is its own, nothing is left of it when it has died, and it is unknown then") {
  constexpr std::size_t much = std::size_t{24} << 20;
  pipe_ends started = pipe_ends::make(), go_on = pipe_ends::make();
  REQUIRE((started && go_on));
  const pid_t child = ::fork();
  if (child == 0) {
    void* const memory = ::mmap(nullptr, much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) ::_exit(1);
    std::memset(memory, 1, much);
    char byte = 'x';
    if (::write(started.writing.get(), &byte, 1) != 1) ::_exit(2);
    go_on.writing.reset();
    static_cast<void>(::read(go_on.reading.get(), &byte, 1) == 0);
    ::_exit(0);
  }
  REQUIRE(child > 0);
  char byte = 0;
  REQUIRE(::read(started.reading.get(), &byte, 1) == 1);
  const process_memory probe = process_memory::of(child);
  CHECK(probe);
  const auto alive = probe.resident(), once = resident_memory(child);
  go_on.writing.reset();
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  const auto dead = probe.resident();
  REQUIRE(::waitpid(child, nullptr, 0) == child);
  REQUIRE(alive);
  REQUIRE(once);
  CHECK(*alive > much - (std::size_t{4} << 20));
  CHECK(*once > much - (std::size_t{4} << 20));
  CHECK(dead == 0u);
  CHECK_FALSE(probe.resident());
  CHECK_FALSE(resident_memory(child));
}

TEST_CASE("who knows no process knows nothing of its memory") {
  const process_memory none;
  CHECK_FALSE(none);
  CHECK_FALSE(none.resident());
  CHECK_FALSE(process_memory::of(-1));
}
