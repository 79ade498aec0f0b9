#include <workpool/worker/stall_watch.hpp>

#include "support/catch.hpp"

#include <type_traits>

TEST_CASE("a stall watch is an interface that nobody destroys through") {
  STATIC_REQUIRE(std::is_abstract_v<workpool::detail::stall_watch>);
  STATIC_REQUIRE_FALSE(std::is_destructible_v<workpool::detail::stall_watch>);
}
