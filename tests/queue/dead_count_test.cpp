#include <workpool/queue/dead_count.hpp>

#include <cstddef>

#include "support/catch.hpp"

namespace wp = workpool;
using wp::priority;

namespace {

/// Whether the dead are too many where `length` elements lie in the lanes.
bool too_many(const wp::detail::dead_count& dead, std::size_t capacity, std::size_t length) {
  return dead.too_many(capacity, [length] { return length; });
}

void let_die(wp::detail::dead_count& dead, priority lane, std::size_t count) {
  for (; count != 0; --count) dead.died(lane);
}

}  // namespace

TEST_CASE("the dead are counted by lane, below zero where the removal comes first", "[dead]") {
  wp::detail::dead_count dead;
  let_die(dead, priority::high, 3);
  dead.removed(priority::high, 2);
  dead.removed(priority::low);
  CHECK(dead.of(priority::high) == 1);
  CHECK(dead.of(priority::low) == -1);
  CHECK(dead.of(priority::normal) == 0);
  CHECK_FALSE(too_many(dead, 1, 1));
}

TEST_CASE("in a bounded queue the dead of all lanes may be as many as the places", "[dead]") {
  wp::detail::dead_count dead;
  let_die(dead, priority::high, 2);
  let_die(dead, priority::low, 2);
  CHECK_FALSE(too_many(dead, 4, 8));
  dead.died(priority::normal);
  CHECK(too_many(dead, 4, 9));
}

TEST_CASE("in an unbounded queue they may be 1024, and half of what lies there", "[dead]") {
  wp::detail::dead_count dead;
  let_die(dead, priority::normal, 1024);
  CHECK_FALSE(too_many(dead, 0, 1024));
  dead.died(priority::normal);
  CHECK(too_many(dead, 0, 1025));
  CHECK(too_many(dead, 0, 2049));
  CHECK_FALSE(too_many(dead, 0, 2050));
}
