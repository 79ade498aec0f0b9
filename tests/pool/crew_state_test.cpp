#include <workpool/pool/crew_state.hpp>

#include "support/catch.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <thread>

using workpool::time_point;
using workpool::detail::crew_state;
using workpool::detail::thread_worker;

TEST_CASE("somebody works who does not rest", "[crew]") {
  crew_state crew;
  CHECK_FALSE(crew.somebody_works());
  crew.workers.add();
  thread_worker& second = crew.workers.add();
  CHECK_FALSE(crew.somebody_works());
  second.at_rest = false;
  CHECK(crew.somebody_works());
  CHECK(crew.somebody_is_awaited());
}

TEST_CASE("nobody is awaited whose body was given up, and yet he works", "[crew]") {
  crew_state crew;
  thread_worker& worker = crew.workers.add();
  workpool_test::probe_log log;
  auto& one = *new workpool_test::probe_task(log);
  worker.at_rest = false;
  worker.slot.begin(one);
  CHECK(crew.somebody_is_awaited());
  REQUIRE(worker.slot.seize() == &one);
  CHECK(crew.somebody_works());
  CHECK_FALSE(crew.somebody_is_awaited());
  CHECK_FALSE(worker.slot.end());
  one.drop_reference();
  one.drop_reference();  // that of the seizure
}

TEST_CASE("everybody is woken, who is parked and who waits for the pool to be resumed", "[crew]") {
  crew_state crew;
  thread_worker me(0);
  me.wanted = true;
  crew.phase.pause(crew.workers);
  std::thread halted([&] { crew.phase.await_resumed(me); });
  const std::uint64_t announced = crew.parked.announce();
  me.wanted = false;
  crew.wake_all();
  CHECK(crew.parked.park_until(announced, time_point::max()));
  halted.join();
}
