#include <workpool/core/priority.hpp>

#include "support/catch.hpp"

using workpool::priority;

TEST_CASE("there is one lane per priority, the most urgent first") {
  CHECK(lane_index(priority::critical) == 0);
  CHECK(lane_index(priority::high) == 1);
  CHECK(lane_index(priority::normal) == 2);
  CHECK(lane_index(priority::low) == workpool::priority_count - 1);
}

TEST_CASE("only the four priorities are valid") {
  for (int value = 0; value < 256; ++value) {
    CHECK(is_valid(static_cast<priority>(value)) == (value < 4));
  }
}

TEST_CASE("every priority has its own name as text") {
  CHECK(to_string(priority::critical) == "critical");
  CHECK(to_string(priority::high) == "high");
  CHECK(to_string(priority::normal) == "normal");
  CHECK(to_string(priority::low) == "low");
  CHECK(to_string(static_cast<priority>(4)) == "invalid");
}
