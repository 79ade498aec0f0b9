#include <workpool/detail/pause.hpp>

#include "support/catch.hpp"

#include <sched.h>

#include <atomic>
#include <thread>

TEST_CASE("a spinner gives the processor away when what it waits for needs it") {
  constexpr int hand_offs = 1000;
  std::atomic<int> turn{0};
  std::atomic<long> spins{0};
  std::atomic<bool> pinned{true};
  const auto play = [&](int mine) {
    cpu_set_t one;
    CPU_ZERO(&one);
    cpu_set_t all;
    ::sched_getaffinity(0, sizeof all, &all);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(cpu, &all)) {
        CPU_SET(cpu, &one);
        break;
      }
    }
    if (::sched_setaffinity(0, sizeof one, &one) != 0) pinned = false;
    long rounds = 0;
    for (int i = 0; i < hand_offs; ++i) {
      for (workpool::detail::spinner spin; turn.load() % 2 != mine; ++rounds) spin.once();
      ++turn;
    }
    spins += rounds;
  };
  {
    std::jthread even(play, 0);
    std::jthread odd(play, 1);
  }
  CHECK(turn == 2 * hand_offs);
  if (!pinned) SKIP("this process may not choose its processor");
  // One that never yields spins its time slice away at every hand-off: 0.75 ms and more, which is over 10 000 pauses.
  CHECK(spins / (2 * hand_offs) < 5000);
}
