#include <workpool/core/worker_info.hpp>

#include "support/catch.hpp"

#include <utility>

using workpool::worker_state;

TEST_CASE("every worker state has its own name as text") {
  const std::pair<worker_state, const char*> names[] = {
      {worker_state::starting, "starting"}, {worker_state::idle, "idle"},           {worker_state::busy, "busy"},
      {worker_state::stopping, "stopping"}, {worker_state::unhealthy, "unhealthy"}, {worker_state::dead, "dead"}};
  CHECK(std::size(names) == workpool::worker_state_count);
  for (const auto& [value, name] : names) CHECK(to_string(value) == name);
  CHECK(to_string(static_cast<worker_state>(99)) == "invalid");
}

TEST_CASE("a worker info is filled by designators") {
  const workpool::worker_info info{.id = 3, .state = worker_state::busy, .completed = 7, .current = 12};
  CHECK(info.id == 3);
  CHECK(info.pid == 0);
  CHECK(info.completed == 7);
  CHECK(info.failed == 0);
  CHECK(info.current == 12);
}
