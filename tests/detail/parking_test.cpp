#include <workpool/detail/parking.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>
#include <workpool/detail/pause.hpp>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using workpool::detail::futex_mask;
using workpool::detail::parking;

namespace {

/// Whether a worker that has announced itself finds a permit.
bool permitted(parking& lot) { return lot.park_until(0, steady_clock::time_point{}); }

int permits_after(int announced, void (*notify)(parking&)) {
  parking lot;
  for (int i = 0; i < announced; ++i) lot.announce();
  notify(lot);
  int permits = 0;
  for (int i = 0; i < announced; ++i) permits += permitted(lot) ? 1 : 0;
  return permits;
}

bool take_one(std::atomic<int>& work) {
  int seen = work.load(std::memory_order_relaxed);
  while (seen > 0 && !work.compare_exchange_weak(seen, seen - 1, std::memory_order_relaxed)) {
  }
  return seen > 0;
}

}  // namespace

TEST_CASE("a worker notified between announcing and parking does not sleep") {
  parking lot;
  lot.announce();
  lot.notify_one();
  lot.park(0);
  SUCCEED("park returned");
}

TEST_CASE("one notify wakes one of two, and several notifies wake no more than have announced themselves") {
  CHECK(permits_after(2, [](parking& lot) { lot.notify_one(); }) == 1);
  CHECK(permits_after(2, [](parking& lot) {
          for (int i = 0; i < 5; ++i) lot.notify_one();
        }) == 2);
  CHECK(permits_after(3, [](parking& lot) { lot.notify_many(2); }) == 2);
  CHECK(permits_after(3, [](parking& lot) { lot.notify_many(0); }) == 0);
  CHECK(permits_after(3, [](parking& lot) { lot.notify_many(1000); }) == 3);
  CHECK(permits_after(3, [](parking& lot) { lot.notify_all(); }) == 3);
}

TEST_CASE("a notify that finds nobody is not saved up") {
  parking lot;
  lot.notify_one();
  lot.notify_many(7);
  lot.notify_all();
  lot.announce();
  CHECK_FALSE(permitted(lot));
}

TEST_CASE("a worker that retracts is not claimed afterwards") {
  parking lot;
  lot.announce();
  lot.retract();
  lot.notify_one();
  lot.announce();
  CHECK_FALSE(permitted(lot));
}

TEST_CASE("a worker that was claimed takes its permit along when it retracts") {
  parking lot;
  lot.announce();
  lot.notify_one();
  lot.retract();
  lot.announce();
  CHECK_FALSE(permitted(lot));
}

TEST_CASE("a worker whose time was up is not claimed afterwards") {
  parking lot;
  lot.announce();
  const auto deadline = steady_clock::now() + 2ms;
  CHECK_FALSE(lot.park_until(0, deadline));
  CHECK(steady_clock::now() >= deadline);
  lot.notify_one();
  lot.announce();
  CHECK_FALSE(permitted(lot));
}

TEST_CASE("a timed worker that is notified learns of it") {
  parking lot;
  std::atomic<bool> announced{false}, notified{false};
  {
    std::jthread worker([&] {
      lot.announce();
      announced = true;
      notified = lot.park_until(0, steady_clock::now() + 1h);
    });
    while (!announced) std::this_thread::yield();
    lot.notify_one();
  }
  CHECK(notified);
}

TEST_CASE("as many notifies as parked workers wake all of them") {
  constexpr int workers = 6, rounds = 50;
  for (int round = 0; round < rounds; ++round) {
    parking lot;
    std::latch announced(workers);
    std::vector<std::jthread> parked;
    for (int w = 0; w < workers; ++w) {
      parked.emplace_back([&] {
        lot.announce();
        announced.count_down();
        lot.park(0);
      });
    }
    announced.wait();
    if (round % 2 == 0) {
      for (int w = 0; w < workers; ++w) lot.notify_one();
    } else {
      lot.notify_many(workers / 2);
      lot.notify_many(workers / 2);
    }
  }
  SUCCEED("every thread was joined");
}

TEST_CASE("work published before a notify is never slept through") {
  constexpr int workers = 3, submitters = 2, each = 6000;
  parking lot;
  std::atomic<int> work{0}, done{0};  // relaxed: the fences of the parking lot are all there is
  std::atomic<bool> stop{false};
  {
    std::vector<std::jthread> working;
    for (int w = 0; w < workers; ++w) {
      working.emplace_back([&, w] {
        while (!stop.load(std::memory_order_relaxed)) {
          if (take_one(work)) {
            done.fetch_add(1);
            continue;
          }
          lot.announce();
          if (work.load(std::memory_order_relaxed) > 0 || stop.load(std::memory_order_relaxed)) {
            lot.retract();
          } else if (w == 0) {
            lot.park_until(0, steady_clock::now() + 30us);
          } else {
            lot.park(0);
          }
        }
      });
    }
    {
      std::vector<std::jthread> submitting;
      for (int s = 0; s < submitters; ++s) {
        submitting.emplace_back([&, s] {
          for (int i = 1; i <= each; ++i) {
            work.fetch_add(1, std::memory_order_relaxed);
            lot.notify_one();
            // Now and then everybody gets the time to fall asleep.
            if (i % (64 + s) == 0) {
              while (work.load(std::memory_order_relaxed) != 0) std::this_thread::yield();
            }
          }
        });
      }
    }
    while (done != submitters * each) std::this_thread::yield();
    stop = true;
    lot.notify_all();
  }
  CHECK(done == submitters * each);
  CHECK(work == 0);
}

TEST_CASE("one worker and one submitter that meet at every step never miss each other") {
  constexpr int rounds = 20'000;
  parking lot;
  std::atomic<int> work{0}, done{0};  // relaxed: the fences of the parking lot are all there is
  const auto drift = [](int pauses) {
    for (int i = 0; i < pauses; ++i) workpool::detail::pause();
  };
  {
    std::jthread worker([&] {
      for (int i = 1; i <= rounds; ++i) {
        while (work.load(std::memory_order_relaxed) < i) {
          lot.announce();
          if (work.load(std::memory_order_relaxed) >= i) {
            lot.retract();
          } else {
            lot.park(0);
          }
        }
        done.store(i, std::memory_order_relaxed);
      }
    });
    for (int i = 1; i <= rounds; ++i) {
      drift(i % 97);
      work.store(i, std::memory_order_relaxed);
      lot.notify_one();
      while (done.load(std::memory_order_relaxed) < i) std::this_thread::yield();
    }
  }
  CHECK(done == rounds);
}

TEST_CASE("after any mix of parking, retracting and timing out the count is 0 again") {
  constexpr int threads = 4, rounds = 3000;
  parking lot;
  std::atomic<int> left{threads};
  {
    std::vector<std::jthread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&, t] {
        for (int i = 0; i < rounds; ++i) {
          lot.announce();
          switch ((i + t) % 3) {
            case 0:
              lot.retract();
              break;
            case 1:
              lot.park_until(0, steady_clock::now() + 5us);
              break;
            default:
              lot.park(0);
              break;
          }
        }
        --left;
      });
    }
    while (left != 0) lot.notify_one();
  }
  // Nobody is announced and no permit is left: a notify is lost, and whoever parks then sleeps.
  lot.notify_all();
  lot.announce();
  CHECK_FALSE(permitted(lot));
}

TEST_CASE("a recall wakes every sleeper, also when the first one awake goes back to sleep at once") {
  constexpr int workers = 4;
  for (int round = 0; round < 200; ++round) {
    parking lot;
    std::atomic<int> parked{0}, told{0};
    std::atomic<bool> leave{false};
    std::vector<std::thread> threads;
    for (int id = 0; id < workers; ++id) {
      threads.emplace_back([&, id] {
        for (;;) {
          const auto announced = lot.announce();
          if (leave && id == 0) {  // only one of them is meant; the others park again
            lot.retract();
            ++told;
            return;
          }
          if (told == 1) {
            lot.retract();
            return;
          }
          ++parked;
          lot.park(announced);
        }
      });
    }
    while (parked < workers) std::this_thread::yield();
    leave = true;
    lot.recall();
    threads[0].join();
    CHECK(told == 1);
    lot.recall();
    for (int id = 1; id < workers; ++id) threads[static_cast<std::size_t>(id)].join();
  }
}

TEST_CASE("a recall of some wakes those it means, and nobody else") {
  parking lot;
  std::atomic<int> wakes[2]{};
  std::atomic<bool> over{false};
  std::vector<std::jthread> sleepers;
  for (int id = 0; id < 2; ++id) {
    sleepers.emplace_back([&, id] {
      for (;;) {
        const auto announced = lot.announce();
        if (over) return lot.retract();
        lot.park_until(announced, steady_clock::time_point::max(), futex_mask{1} << id);
        ++wakes[id];
      }
    });
  }
  // Not at once: who is just about to sleep looks around once more.
  CHECK(workpool_test::eventually([&] {
    const int before = wakes[0];
    for (int n = 0; n < 100; ++n) {
      const int seen = wakes[1];
      while (wakes[1] == seen) lot.recall(0b10);  // it may have been awake just then
    }
    return wakes[0] == before;
  }));
  over = true;
  lot.recall();
}

TEST_CASE("however many recalls there have been since it was announced, a waiter sees them") {
  parking lot;
  const auto announced = lot.announce();
  for (int n = 0; n < 1 << 16; ++n) lot.recall(0b10);
  CHECK(lot.park_until(announced, steady_clock::time_point{}, 0b01));
}

TEST_CASE("a recall before the announcement wakes nobody, and one after it is not missed") {
  parking lot;
  lot.recall();
  const auto before = lot.announce();
  CHECK_FALSE(lot.park_until(before, steady_clock::time_point{}));
  const auto announced = lot.announce();
  lot.recall();
  CHECK(lot.park_until(announced, steady_clock::time_point{}));
  CHECK_FALSE(lot.anyone());
}

TEST_CASE("a recall takes no permit, and leaves none") {
  parking lot;
  const auto announced = lot.announce();
  CHECK(lot.notify_one());
  lot.recall();
  CHECK(lot.park_until(announced, steady_clock::time_point{}));
  const auto again = lot.announce();
  CHECK_FALSE(lot.park_until(again, steady_clock::time_point{}));
}

TEST_CASE("a sleeper whose time is up leaves although another one took the permit meant for it") {
  parking lot;
  std::atomic<bool> over{false};
  std::vector<std::thread> sleepers;
  std::atomic<int> left{0};
  for (int n = 0; n < 3; ++n) {
    sleepers.emplace_back([&, n] {
      for (unsigned turn = 0; !over; ++turn) {
        const std::uint64_t announced = lot.announce();
        if (over) {
          lot.retract();
          break;
        }
        const auto nap = std::chrono::microseconds((turn * 7 + static_cast<unsigned>(n)) % 20);
        lot.park_until(announced, std::chrono::steady_clock::now() + nap);
      }
      ++left;
    });
  }
  for (int n = 0; n < 200'000; ++n) lot.notify_one();
  over = true;
  lot.recall();
  for (std::thread& one : sleepers) one.join();  // nobody notifies any more
  CHECK(left == 3);
  CHECK_FALSE(lot.anyone());
}
