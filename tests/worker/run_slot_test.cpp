#include <workpool/worker/run_slot.hpp>

#include "support/catch.hpp"
#include "support/fake_owner.hpp"
#include "support/probe_task.hpp"

#include <atomic>
#include <latch>
#include <thread>
#include <vector>
#include <workpool/detail/pause.hpp>

using workpool::outcome;
using workpool::detail::run_slot;
using workpool::detail::task;
using workpool_test::fake_owner;
using workpool_test::probe_log;
using workpool_test::probe_task;

namespace {

probe_task& make_started(probe_log& log, fake_owner& owner) {
  auto* const one = new probe_task(log);
  one->accept_by(owner);
  one->start();
  return *one;
}

}  // namespace

TEST_CASE("a slot is empty between two tasks, and there is nothing to seize then") {
  probe_log log;
  fake_owner owner;
  run_slot slot;
  CHECK(slot.empty());
  CHECK(slot.seize() == nullptr);
  CHECK_FALSE(slot.is_seized());
  task& one = make_started(log, owner);
  slot.begin(one);
  CHECK_FALSE(slot.empty());
  CHECK_FALSE(slot.is_seized());
  CHECK(slot.end());
  CHECK(slot.empty());
  CHECK(slot.seize() == nullptr);
  one.drop_reference();
  CHECK(log.destroyed == 1);
}

TEST_CASE("what runs can be seized once, with a reference, the running thread then has nothing to tell") {
  probe_log log;
  fake_owner owner;
  run_slot slot;
  task& one = make_started(log, owner);
  slot.begin(one);
  task* const seized = slot.seize();
  REQUIRE(seized == &one);
  CHECK(slot.is_seized());
  CHECK_FALSE(slot.empty());
  CHECK(slot.seize() == nullptr);
  CHECK_FALSE(slot.end());
  CHECK(slot.empty());
  CHECK_FALSE(slot.is_seized());
  one.drop_reference();
  CHECK(log.destroyed == 0);
  seized->drop_reference();
  CHECK(log.destroyed == 1);
}

TEST_CASE("a slot from which a task was seized serves the next one") {
  probe_log log;
  fake_owner owner;
  run_slot slot;
  task& first = make_started(log, owner);
  slot.begin(first);
  slot.seize()->drop_reference();
  CHECK_FALSE(slot.end());
  first.drop_reference();
  task& second = make_started(log, owner);
  slot.begin(second);
  CHECK_FALSE(slot.is_seized());
  CHECK(slot.end());
  second.drop_reference();
  CHECK(log.destroyed == 2);
}

TEST_CASE("every task is told by exactly one, its own thread or one that seized it, and none is lost or freed early") {
  constexpr int seizers = 2, tasks = 20'000;
  probe_log log;
  fake_owner owner;
  run_slot slot;
  std::atomic<bool> over{false};
  std::atomic<int> by_seizer{0};
  int by_runner = 0, settled_twice = 0, left_behind = 0;
  {
    std::latch begin(seizers + 1);
    std::vector<std::jthread> seizing;
    for (int s = 0; s < seizers; ++s) {
      seizing.emplace_back([&] {
        begin.arrive_and_wait();
        while (!over) {
          task* const one = slot.seize();
          if (one == nullptr) {
            std::this_thread::yield();
            continue;
          }
          ++by_seizer;
          one->finish(outcome::cancelled);
          one->drop_reference();
        }
      });
    }
    begin.arrive_and_wait();
    for (int i = 0; i < tasks; ++i) {
      task& one = make_started(log, owner);
      slot.begin(one);
      if (i % 16 == 0) std::this_thread::yield();
      for (int drift = i % 61; drift > 0; --drift) workpool::detail::pause();
      const bool mine = slot.end();
      if (!slot.empty()) ++left_behind;
      if (mine) {
        ++by_runner;
        if (one.settled()) ++settled_twice;
        one.finish(outcome::value);
      }
      one.drop_reference();
    }
    over = true;
  }
  CHECK(settled_twice == 0);
  CHECK(left_behind == 0);
  CHECK(by_runner + by_seizer == tasks);
  CHECK(log.destroyed == tasks);
}
