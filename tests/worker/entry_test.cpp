#if __has_include(<boost/process/v1/child.hpp>) || __has_include(<boost/process/child.hpp>)
#include <workpool/worker/entry.hpp>

#include "support/catch.hpp"

#include <cstdlib>

#include "support/forked.hpp"

using namespace workpool::detail;

namespace {

int exit_code_of_setup(worker_birth& birth) { return std::atoi(birth.setup.c_str()); }

}  // namespace

// What a zygote and its workers do is told by tests/faults/worker_entry.cpp.

TEST_CASE("a program without a role goes on, and can start zygotes from there on") {
  CHECK_FALSE(worker_entry_with(0, nullptr, &exit_code_of_setup).has_value());
  CHECK(registered_spawner::get() == &boost_spawner::launch);
}

TEST_CASE("a program that was started as a worker reads its birth, runs, and is to return what came of it") {
  worker_birth birth;
  birth.setup = "33";
  const unique_fd file = byte_file(encode_birth(birth));
  CHECK(workpool_test::code_of_child([&] {
          for (const auto& [name, value] : assigned_role{process_role::worker, file.get()}.variables()) {
            ::setenv(name.c_str(), value.c_str(), 1);
          }
          return worker_entry_with(0, nullptr, &exit_code_of_setup).value_or(1);
        }) == 33);
}
#endif
