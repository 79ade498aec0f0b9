#include <workpool/testing/simulated_task.hpp>

#include "support/catch.hpp"

#include <string>

namespace wp = workpool;
using wp::testing::simulated_task;
using wp::testing::stage;

TEST_CASE("a task that does not end exactly once is told", "[simulation]") {
  stage here({.seed = 1});
  for (const unsigned times : {0U, 1U, 2U}) {
    simulated_task one(here);
    one.describe_as(times + 1, wp::priority::normal);
    one.ends = times;
  }
  REQUIRE(here.result.broken.size() == 2);
  CHECK(here.result.broken[0].find("task 1 has ended 0 times") != std::string::npos);
  CHECK(here.result.broken[1].find("task 3 has ended 2 times") != std::string::npos);
}
