#include <workpool/pool/worker_roster.hpp>

#include <chrono>
#include <workpool/ipc/loopback_channel.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using worker = wp::detail::process_worker<wp::loopback_channel>;
using roster = wp::detail::worker_roster<worker>;
using wp::detail::kill_ladder;
using wp::detail::process_stage;

namespace {

struct three {
  worker first{0, 1, kill_ladder(0ns, 0ns)}, second{1, 1, kill_ladder(0ns, 0ns)}, third{2, 1, kill_ladder(0ns, 0ns)};
  roster all;
};

}  // namespace

TEST_CASE("the worker that was idle for the shortest time is taken first, and held from then on") {
  three of;
  for (worker* const one : {&of.first, &of.second, &of.third}) of.all.add_idle(*one);
  CHECK(of.all.idle() == 3);
  CHECK(of.all.take_idle() == &of.third);
  CHECK((of.third.held && of.third.stage == process_stage::taken));
  CHECK_FALSE(of.all.is_idle(of.third));
  CHECK(of.all.take_idle(0) == &of.first);
  CHECK(of.all.take_idle(0) == nullptr);
  of.all.remove(of.second);
  CHECK(of.all.take_idle() == nullptr);
  CHECK(of.all.idle() == 0);
}

TEST_CASE("of those with room the one with the least to do is taken, as busy as it was") {
  three of;
  workpool_test::probe_log log;
  workpool_test::probe_task task{log};
  for (int n = 0; n < 3; ++n) of.first.sent.push({.one = &task});
  of.second.sent.push({.one = &task});
  of.first.stage = of.second.stage = process_stage::busy;
  of.all.set_room(of.first, true);
  of.all.set_room(of.second, true);
  of.all.set_room(of.second, true);
  CHECK(of.all.with_room() == 2);
  CHECK(of.all.take_with_room() == &of.second);
  CHECK((of.second.held && of.second.stage == process_stage::busy && !of.second.has_room));
  of.all.set_room(of.first, false);
  CHECK(of.all.take_with_room() == nullptr);
  CHECK(of.all.with_room() == 0);
}

TEST_CASE("a worker that is held remembers in which turn it was taken") {
  three of;
  of.first.turn = 7;
  of.all.add_idle(of.first);
  REQUIRE(of.all.take_idle() == &of.first);
  CHECK(of.first.coming.turn == 7);
  CHECK(of.first.coming.one == nullptr);
}
