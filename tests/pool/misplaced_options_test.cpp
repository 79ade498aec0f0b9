#include <workpool/pool/misplaced_options.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <string>
#include <workpool/pool/thread_pool.hpp>

namespace wp = workpool;

// What is refused: tests/faults/compile_errors/options_….cpp.

namespace {

/// A function whose argument happens to be options.
std::string name_of(wp::task_options options) { return std::string(options.name); }

}  // namespace

TEST_CASE("options that are an argument are passed on, however they are written", "[misplaced_options]") {
  wp::thread_pool pool(1);
  const wp::task_options constant{.name = "constant"};
  wp::task_options variable{.name = "variable"};
  CHECK(pool.submit(name_of, constant).get() == "constant");
  CHECK(pool.submit(name_of, variable).get() == "variable");
  CHECK(pool.submit(name_of, wp::task_options{.name = "temporary"}).get() == "temporary");
  CHECK(pool.submit({.name = "task"}, name_of, wp::task_options{.name = "argument"}).get() == "argument");
  CHECK((*pool.try_submit(name_of, variable)).get() == "variable");
}

TEST_CASE("options in front are options", "[misplaced_options]") {
  wp::thread_pool pool(1);
  CHECK(pool.submit({}, [] { return 1; }).get() == 1);
  CHECK(pool.submit(
                wp::task_options{}, [](auto n) { return n; }, 2)
            .get() == 2);
  CHECK(pool.submit(
                wp::use_std_future, [](auto n) { return n; }, 3)
            .get() == 3);
  CHECK_NOTHROW(pool.submit_bulk({.name = "bulk"}, 3, [](std::size_t) {}).get());
  CHECK_NOTHROW(pool.submit_bulk({}, 3, [](std::size_t) {}).get());
}

TEST_CASE("a generic function is asked about its own arguments only", "[misplaced_options]") {
  wp::thread_pool pool(1);
  CHECK(pool.submit([](const auto& text) { return text.size(); }, std::string("four")).get() == 4);
}
