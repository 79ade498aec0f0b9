#include <workpool/detail/posix/standard_streams.hpp>

#include "support/catch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <workpool/detail/posix/pipe.hpp>

#include "support/forked.hpp"

using namespace workpool::detail;
using workpool_test::code_of_child;

namespace {

bool is_null_device(int number) {
  struct stat seen {
  }, wanted{};
  return ::fstat(number, &seen) == 0 && ::stat("/dev/null", &wanted) == 0 && seen.st_rdev == wanted.st_rdev &&
         ::fcntl(number, F_GETFD) == 0;
}

}  // namespace

TEST_CASE("an emptied standard input is at its end, also where it was closed") {
  CHECK(code_of_child([] {
          if (empty_standard_input() != 0) return 1;
          char byte = 0;
          return is_null_device(0) && ::read(0, &byte, 1) == 0 ? 0 : 2;
        }) == 0);
  CHECK(code_of_child([] {
          ::close(0);
          return empty_standard_input() == 0 && is_null_device(0) ? 0 : 1;
        }) == 0);
}

TEST_CASE("of 0, 1 and 2 those that are closed are opened and the others left alone") {
  CHECK(code_of_child([] {
          struct stat before {
          }, after{};
          ::fstat(1, &before);
          ::close(0);
          ::close(2);
          if (fill_standard_streams() != 0 || ::fstat(1, &after) != 0) return 1;
          const bool untouched = before.st_dev == after.st_dev && before.st_ino == after.st_ino;
          return untouched && is_null_device(0) && is_null_device(2) && ::write(2, "x", 1) == 1 ? 0 : 2;
        }) == 0);
}

TEST_CASE("a standard stream that was set survives an exec") {
  const pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  CHECK(code_of_child([&] {
          return set_standard_stream(1, pipe.writing.get()) == 0 && ::fcntl(1, F_GETFD) == 0 && ::write(1, "y", 1) == 1
                     ? 0
                     : 1;
        }) == 0);
  char byte = 0;
  REQUIRE(::read(pipe.reading.get(), &byte, 1) == 1);
  CHECK(byte == 'y');
}

TEST_CASE("what the parent had not flushed is not written by a child that forgets it") {
  pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  std::fflush(stdout);  // what the reporter has said is not the child's
  CHECK(code_of_child([&] {
          ::dup2(pipe.writing.get(), 1);
          std::setvbuf(stdout, nullptr, _IOFBF, 4096);
          std::fputs("the parent's", stdout);
          const int code = code_of_child([] {
            forget_inherited_output();
            std::fputs("the child's", stdout);
            return std::fflush(stdout);
          });
          std::fflush(stdout);
          return code;
        }) == 0);
  pipe.writing.reset();
  CHECK(workpool_test::read_all(pipe.reading.get()) == "the child'sthe parent's");
}

TEST_CASE("what was printed is written by a flush, but not while another thread is in the middle of printing") {
  pipe_ends pipe = pipe_ends::make();
  REQUIRE(pipe);
  std::fflush(stdout);
  CHECK(code_of_child([&] {
          ::dup2(pipe.writing.get(), 1);
          std::setvbuf(stdout, nullptr, _IOFBF, 4096);
          std::fputs("once", stdout);
          flush_standard_output();
          flush_standard_output();
          std::fputs(" and again", stdout);
          std::thread([] { ::flockfile(stdout); }).join();  // and so it stays locked
          flush_standard_output();
          return 0;
        }) == 0);
  pipe.writing.reset();
  CHECK(workpool_test::read_all(pipe.reading.get()) == "once");
}
