#include <workpool/pool/reserved_places.hpp>

#include "support/catch.hpp"
#include "support/fake_pool.hpp"

#include <workpool/pool/defaults.hpp>

namespace wp = workpool;
using lanes = wp::detail::default_queue;
using places = wp::detail::reserved_places<lanes>;

TEST_CASE("places are reserved all or none", "[reserved]") {
  workpool_test::fake_pool<lanes> pool({.capacity = 3});
  places some(pool.queue);
  CHECK_FALSE(some.any_left());
  CHECK(some.reserve(4) == wp::push_status::full);
  CHECK_FALSE(some.any_left());
  CHECK(some.reserve(3) == wp::push_status::accepted);
  CHECK(some.any_left());
  wp::task_ref other = pool.make(wp::priority::normal);
  CHECK(pool.push(other) == wp::push_status::full);
}

TEST_CASE("places that were not used are free again at the end, and those that were are not", "[reserved]") {
  workpool_test::fake_pool<lanes> pool({.capacity = 3});
  {
    places some(pool.queue);
    REQUIRE(some.reserve(3) == wp::push_status::accepted);
    some.use_one();
    wp::task_ref one = pool.make(wp::priority::normal);
    one.get()->accept_by(pool);
    REQUIRE(pool.queue.push_reserved(std::move(one), wp::priority::normal, wp::no_admission{}) ==
            wp::push_status::accepted);
    CHECK(some.any_left());
  }
  CHECK(pool.queue.size() == 1);
  pool.put();
  pool.put();
  wp::task_ref other = pool.make(wp::priority::normal);
  CHECK(pool.push(other) == wp::push_status::full);
}

TEST_CASE("a closed queue reserves nothing", "[reserved]") {
  workpool_test::fake_pool<lanes> pool({.capacity = 3});
  pool.queue.close();
  places some(pool.queue);
  CHECK(some.reserve(1) == wp::push_status::closed);
  CHECK_FALSE(some.any_left());
}
