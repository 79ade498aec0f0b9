#include <workpool/ipc/code_locator.hpp>

#include "support/catch.hpp"
#include "support/spare_library.hpp"

#include <cstdint>
#include <cstdlib>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using Catch::Matchers::ContainsSubstring;
using workpool::unsupported;
using namespace workpool::detail;

namespace {

template <int Number>
int numbered(int number) {
  return number + Number;
}

std::vector<const void*> functions() {
  return {code_address(&numbered<0>), code_address(&numbered<1>), code_address(&numbered<2>),
          code_address(&numbered<3>), code_address(&std::malloc), code_address(&std::free)};
}

}  // namespace

TEST_CASE("a function of the program is named by the main module and without a path") {
  code_locator locator;
  const located_code& found = locator.locate(code_address(&numbered<0>));
  CHECK(found.location.module == main_module());
  CHECK(found.path.empty());
  const auto program = program_module();
  REQUIRE(program);
  CHECK(program->base + found.location.offset == reinterpret_cast<std::uintptr_t>(&numbered<0>));
}

TEST_CASE("a lambda and two instances of a template have places of their own") {
  code_locator locator;
  int (*const lambda)(int) = [](int number) { return number * 7; };
  const auto first = locator.locate(code_address(&numbered<1>)).location;
  const auto second = locator.locate(code_address(&numbered<2>)).location;
  const auto third = locator.locate(code_address(lambda)).location;
  CHECK(first.module == second.module);
  CHECK(first.module == third.module);
  CHECK_FALSE(first == second);
  CHECK_FALSE(first == third);
}

TEST_CASE("what was found once is found again at the same place in memory") {
  code_locator locator;
  std::vector<const located_code*> found;
  for (const void* const function : functions()) found.push_back(&locator.locate(function));
  for (int i = 0; i < 3; ++i) {
    std::size_t next = 0;
    for (const void* const function : functions()) CHECK(&locator.locate(function) == found[next++]);
  }
}

TEST_CASE("a function of a library is named by its build-id and an absolute path") {
  const library_visit library(spare_library);
  if (!library) SKIP("no " << spare_library << " to load");
  code_locator locator;
  const located_code& found = locator.locate(library.code());
  CHECK_FALSE(found.location.module == main_module());
  CHECK(found.location.module.identity == module_identity::build_id);
  REQUIRE(found.path.starts_with('/'));
  CHECK(module_id::of(elf_file::read(found.path).id) == found.location.module);
}

TEST_CASE("a function of a library that was unloaded is found no more") {
  library_visit library(spare_library);
  if (!library) SKIP("no " << spare_library << " to load");
  const void* const function = library.code();
  code_locator locator;
  REQUIRE(locator.locate(function).location.module.valid());
  library.leave();
  REQUIRE_FALSE(module_around(function));
  CHECK_THROWS_WITH(locator.locate(function), ContainsSubstring("is no code of the program or of a library"));
}

TEST_CASE("code of other libraries is still found, at the same place, after one was unloaded") {
  code_locator locator;
  const located_code& before = locator.locate(code_address(&std::malloc));
  { const library_visit library(spare_library); }
  CHECK(&locator.locate(code_address(&std::malloc)) == &before);
}

TEST_CASE("data, heap and null are refused with their address and what to do") {
  code_locator locator;
  static int data = 0;
  const auto heap = std::make_unique<int>(1);
  CHECK_THROWS_AS(locator.locate(&data), unsupported);
  CHECK_THROWS_AS(locator.locate(heap.get()), unsupported);
  CHECK_THROWS_WITH(locator.locate(reinterpret_cast<const void*>(0x1c)),
                    ContainsSubstring("workpool: 0x1c is no code") && ContainsSubstring("compiled into one"));
  CHECK_THROWS_AS(locator.locate(nullptr), unsupported);
  CHECK_THROWS_WITH(locator.locate(nullptr), ContainsSubstring("null function pointer"));
}

TEST_CASE("many threads that locate the same functions get the same places") {
  code_locator locator;
  const auto wanted = functions();
  std::vector<std::vector<const located_code*>> found(4);
  {
    std::latch begin(4);
    std::vector<std::jthread> threads;
    for (auto& mine : found) {
      threads.emplace_back([&] {
        begin.arrive_and_wait();
        for (int i = 0; i < 200; ++i) {
          mine.clear();
          for (const void* const function : wanted) mine.push_back(&locator.locate(function));
        }
      });
    }
  }
  for (const auto& mine : found) CHECK(mine == found.front());
}

TEST_CASE("threads locate code while another one loads and unloads a library") {
  if (!library_visit(spare_library)) SKIP("no " << spare_library << " to load");
  code_locator locator;
  const auto wanted = functions();
  std::vector<code_location> before;
  for (const void* const function : wanted) before.push_back(locator.locate(function).location);
  std::jthread loader([](const std::stop_token& stop) {
    while (!stop.stop_requested()) library_visit{spare_library};
  });
  int wrong = 0;
  for (int i = 0; i < 500; ++i) {
    std::size_t next = 0;
    for (const void* const function : wanted) wrong += locator.locate(function).location == before[next++] ? 0 : 1;
  }
  CHECK(wrong == 0);
}
