#include <workpool/algorithm/needs_threads.hpp>

#include "support/catch.hpp"

#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/thread_pool.hpp>

namespace wp = workpool;

namespace {

struct pool_of_a_stranger {};

}  // namespace

TEST_CASE("algorithms that share memory refuse pools of processes alone", "[needs_threads]") {
  STATIC_REQUIRE(wp::detail::works_elsewhere<wp::fork_pool>);
  STATIC_REQUIRE_FALSE(wp::detail::works_elsewhere<wp::thread_pool>);
  STATIC_REQUIRE_FALSE(wp::detail::works_elsewhere<pool_of_a_stranger>);
}
