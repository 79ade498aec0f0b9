#include <workpool/pool/defaults.hpp>

#include "support/catch.hpp"

#include <type_traits>

using namespace workpool::detail;

TEST_CASE("the default queue satisfies what a pool asks of a queue, and what makes it cheap") {
  STATIC_REQUIRE(workpool::task_queue<default_queue>);
  STATIC_REQUIRE(workpool::forgetting_task_queue<default_queue>);
  STATIC_REQUIRE(workpool::admitting_task_queue<default_queue>);
  STATIC_REQUIRE(std::is_same_v<default_queue::value_type, workpool::task_ref>);
  const default_queue queue;
  CHECK(queue.size() == 0);
}

TEST_CASE("the default selection costs nothing") {
  STATIC_REQUIRE(workpool::selection_strategy<default_selection>);
  STATIC_REQUIRE(std::is_empty_v<default_selection>);
}

TEST_CASE("a worker looks more than once before it parks, and parks") {
  STATIC_REQUIRE(looks_before_parking > 1);
  STATIC_REQUIRE(looks_before_parking < 100'000);
}
