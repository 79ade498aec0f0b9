#include <workpool/algorithm/loop_options.hpp>

#include <type_traits>

#include "support/catch.hpp"

using workpool::loop_options;

TEST_CASE("loop options are an aggregate whose defaults leave the choice to the loop") {
  static_assert(std::is_aggregate_v<loop_options>);
  const loop_options none;
  CHECK(none.chunk == 0);
  CHECK(none.priority == workpool::priority::normal);
  const loop_options some{.chunk = 7, .priority = workpool::priority::low};
  CHECK(some.chunk == 7);
  CHECK(some.priority == workpool::priority::low);
}
