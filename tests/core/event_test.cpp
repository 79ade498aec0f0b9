#include <workpool/core/event.hpp>

#include "support/catch.hpp"

#include <type_traits>

namespace event = workpool::event;

TEST_CASE("every event has its own index") {
  using namespace workpool::detail;
  STATIC_REQUIRE(event_count == 9);
  STATIC_REQUIRE(event_index<event::task_started> == 0);
  STATIC_REQUIRE(event_index<event::task_settled> == 1);
  STATIC_REQUIRE(event_index<event::strategy_fault> == event_count - 1);
  STATIC_REQUIRE(pool_event<event::worker_exited>);
}

TEST_CASE("what is not in namespace event is no event") {
  STATIC_REQUIRE_FALSE(workpool::detail::pool_event<int>);
  STATIC_REQUIRE_FALSE(workpool::detail::pool_event<workpool::crash_report>);
}

TEST_CASE("events are made from their fields in order") {
  const event::task_settled settled{7, 1, workpool::outcome::failed};
  CHECK(settled.task == 7);
  CHECK(settled.outcome == workpool::outcome::failed);
  const event::worker_exited exited{.worker = 2, .generation = 4, .report = {}, .planned = true};
  CHECK(exited.generation == 4);
  CHECK(exited.planned);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<event::worker_exited>);
}
