#include <workpool/detail/posix/running_program.hpp>

#include "support/catch.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <string>

using namespace workpool::detail;

namespace {

int in_this_program() { return 1; }

const void* code_of_this_program() { return reinterpret_cast<const void*>(&in_this_program); }

}  // namespace

TEST_CASE("the path of the program leads to the file that runs") {
  struct stat running {
  }, named{};
  REQUIRE(::stat("/proc/self/exe", &running) == 0);
  REQUIRE(::stat(program_path().c_str(), &named) == 0);
  CHECK(running.st_ino == named.st_ino);
  CHECK(running.st_dev == named.st_dev);
}

TEST_CASE("the stamp of the program is that of the file that runs, each time") {
  const auto stamp = program_stamp();
  REQUIRE(stamp);
  CHECK(*stamp == elf_file::read("/proc/self/exe").stamp);
  CHECK(stamp == program_stamp());
}

TEST_CASE("the file mapped at the program's code is the program") {
  CHECK(mapped_file(code_of_this_program()) == program_path());
}

TEST_CASE("no file is mapped at the stack, at an anonymous page or nowhere") {
  const int stack = 0;
  CHECK(mapped_file(&stack).empty());
  CHECK(mapped_file(nullptr).empty());
  void* const page = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(page != MAP_FAILED);
  CHECK(mapped_file(page).empty());
  ::munmap(page, 4096);
}

TEST_CASE("the path of a library is what the loader says, when that is absolute") {
  loaded_module library;
  library.name = "/lib/libsomething.so";
  CHECK(library_path(library, code_of_this_program()) == "/lib/libsomething.so");
}

TEST_CASE("the path of a library the loader knows by a relative one is that of its mapped file") {
  loaded_module library;
  for (const char* name : {"./libsomething.so", "plugins/one.so", ""}) {
    library.name = name;
    CHECK(library_path(library, code_of_this_program()) == program_path());
    const int stack = 0;
    CHECK(library_path(library, &stack).empty());
  }
}
