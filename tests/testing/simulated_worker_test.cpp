#include <workpool/testing/simulated_worker.hpp>

#include <workpool/supervise/restart_intensity.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

TEST_CASE("a simulated worker is what its slot is, and ready only while somebody is in it", "[simulation]") {
  wp::testing::simulated_worker<wp::restart_intensity> one(3, wp::restart_intensity({}, 1));
  CHECK(one.id() == 3);
  CHECK(one.state() == wp::worker_state::dead);
  CHECK_FALSE(one.is_wanted());
  one.slot.start({});
  one.alive = true;
  CHECK(one.state() == wp::worker_state::starting);
  CHECK(one.is_wanted());
  CHECK_FALSE(one.is_ready());
  one.slot.ready(one.slot.generation());
  CHECK(one.state() == wp::worker_state::idle);
  CHECK(one.is_ready());
  one.doomed = true;
  CHECK_FALSE(one.is_ready());
  one.slot.stop({});
  CHECK(one.state() == wp::worker_state::stopping);
  CHECK_FALSE(one.is_wanted());
}
