#include <workpool/worker/worker_life.hpp>

#include "support/catch.hpp"

#include <iterator>

using namespace workpool::detail;
using workpool::worker_state;

namespace {

using enum workpool::worker_state;
using enum workpool::detail::worker_event;

struct rule {
  worker_event event;
  worker_state from;
  bool applies;
  worker_state to;
};

constexpr rule table[] = {
    {start, starting, false, starting},
    {start, idle, false, idle},
    {start, busy, false, busy},
    {start, stopping, false, stopping},
    {start, unhealthy, false, unhealthy},
    {start, dead, true, starting},

    {ready, starting, true, idle},
    {ready, idle, false, idle},
    {ready, busy, false, busy},
    {ready, stopping, false, stopping},
    {ready, unhealthy, false, unhealthy},
    {ready, dead, false, dead},

    {take, starting, false, starting},
    {take, idle, true, busy},
    {take, busy, false, busy},
    {take, stopping, false, stopping},
    {take, unhealthy, false, unhealthy},
    {take, dead, false, dead},

    {finish, starting, false, starting},
    {finish, idle, false, idle},
    {finish, busy, true, idle},
    {finish, stopping, false, stopping},
    {finish, unhealthy, false, unhealthy},
    {finish, dead, false, dead},

    {stop, starting, true, stopping},
    {stop, idle, true, stopping},
    {stop, busy, true, stopping},
    {stop, stopping, false, stopping},
    {stop, unhealthy, false, unhealthy},
    {stop, dead, false, dead},

    {end, starting, true, dead},
    {end, idle, true, dead},
    {end, busy, true, dead},
    {end, stopping, true, dead},
    {end, unhealthy, true, dead},
    {end, dead, false, dead},
};

constexpr bool is_kept(const rule& one) {
  const worker_step step = transition(one.from, one.event);
  return step.taken == one.applies && step.next == one.to;
}

constexpr bool every_rule_is_kept() {
  for (const rule& one : table) {
    if (!is_kept(one)) return false;
  }
  return true;
}
static_assert(every_rule_is_kept());

}  // namespace

TEST_CASE("the table of a worker's life has one rule for each event in each state") {
  for (const worker_event event : {start, ready, take, finish, stop, end}) {
    for (const worker_state state : {starting, idle, busy, stopping, unhealthy, dead}) {
      int rules = 0;
      for (const rule& one : table) rules += one.event == event && one.from == state;
      CHECK(rules == 1);
    }
  }
  CHECK(std::size(table) == 6 * workpool::worker_state_count);
}

TEST_CASE("a worker's life keeps every rule of the table") {
  for (const rule& one : table) {
    CAPTURE(static_cast<int>(one.event), to_string(one.from));
    CHECK(is_kept(one));
  }
}

TEST_CASE("a worker event that does not exist changes nothing") {
  for (const worker_state state : {starting, idle, busy, stopping, unhealthy, dead}) {
    const worker_step step = transition(state, static_cast<worker_event>(99));
    CHECK_FALSE(step.taken);
    CHECK(step.next == state);
  }
}
