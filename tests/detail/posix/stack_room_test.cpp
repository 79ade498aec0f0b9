#include <workpool/detail/posix/stack_room.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <thread>

using workpool::detail::stack_bounds;
using workpool::detail::stack_nearly_used;

namespace {

/// How many kilobytes a thread can use before it is told to stop.
std::size_t descend(std::size_t depth) {
  volatile char kilobyte[1024];
  kilobyte[0] = 1;
  if (stack_nearly_used() || depth == 1'000'000) return depth;
  const std::size_t reached = descend(depth + 1);
  kilobyte[1] = kilobyte[0];
  return reached;
}

}  // namespace

TEST_CASE("a fresh thread has room, and one that nests is told before its stack is used up") {
  bool fresh = true;
  std::size_t depth = 0;
  std::thread([&] {
    fresh = stack_nearly_used();
    depth = descend(0);
  }).join();
  CHECK_FALSE(fresh);
  CHECK(depth > 100);
  CHECK(depth < 1'000'000);
}

TEST_CASE("every thread knows its own stack") {
  const stack_bounds mine = stack_bounds::of_this_thread();
  stack_bounds other{};
  std::thread([&] { other = stack_bounds::of_this_thread(); }).join();
  CHECK(mine.lowest != 0);
  CHECK(other.lowest != 0);
  CHECK(mine.lowest != other.lowest);
  CHECK(other.reserve > 0);
}
