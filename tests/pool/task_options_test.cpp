#include <workpool/pool/task_options.hpp>

#include "support/catch.hpp"

using Catch::Matchers::ContainsSubstring;
using workpool::checked;
using workpool::priority;
using workpool::task_options;

TEST_CASE("a task without options has no name and normal priority") {
  const task_options options;
  CHECK(options.name.empty());
  CHECK(options.priority == priority::normal);
  CHECK(&checked(options) == &options);
}

TEST_CASE("every priority is accepted") {
  for (const priority one : {priority::critical, priority::high, priority::normal, priority::low}) {
    CHECK_NOTHROW(checked(task_options{.name = "thumb", .priority = one}));
  }
}

TEST_CASE("an unknown priority is refused by name, value and remedy") {
  try {
    checked(task_options{.priority = static_cast<priority>(4)});
    FAIL("it was accepted");
  } catch (const workpool::bad_config& thrown) {
    CHECK(thrown.field() == "priority");
    CHECK_THAT(thrown.what(), ContainsSubstring("priority is 4") && ContainsSubstring("priority::critical"));
  }
}
