#include <workpool/worker/call_mark.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "support/catch.hpp"

using workpool::detail::call_mark;
using namespace std::chrono_literals;

TEST_CASE("a mark says how many calls have begun, and nothing of an earlier turn begins any more") {
  call_mark mark;
  CHECK(mark.begun() == 0);
  CHECK(mark.begin(1, 0));
  CHECK(mark.begin(2, 0));
  CHECK(mark.begun() == 2);
  CHECK(mark.begin_turn(1) == 2);
  CHECK_FALSE(mark.begin(3, 0));
  CHECK(mark.begun() == 3);
  CHECK(mark.begin(4, 1));
}

TEST_CASE("what was sent in no turn begins in every one") {
  call_mark mark;
  CHECK(mark.begin(1, call_mark::no_turn));
  CHECK(mark.begin_turn(1) == 1);
  CHECK(mark.begin(2, call_mark::no_turn));
  CHECK_FALSE(mark.begin(3, 0));
  CHECK(call_mark::turn_after(7) == 8);
  CHECK(call_mark::turn_after(call_mark::no_turn - 1) == 0);
}

TEST_CASE("a mark adds up for how long its worker was busy") {
  call_mark mark;
  mark.add_busy(3us);
  mark.add_busy(4us);
  CHECK(mark.busy() == 7us);
}

TEST_CASE("no call is made beyond those that its host counts when it begins another turn") {
  for (int round = 0; round < 2000; ++round) {
    call_mark mark;
    std::atomic<std::uint64_t> made{0};
    std::thread worker([&] {
      for (std::uint64_t next = 1; mark.begin(next, 0); ++next) made.store(next);
    });
    while (made.load() == 0) std::this_thread::yield();
    const std::uint64_t counted = mark.begin_turn(1);
    worker.join();
    // Of those that are counted one may have seen that it was taken back, and was not made.
    CHECK(made.load() <= counted);
    CHECK(made.load() + 1 >= counted);
  }
}
