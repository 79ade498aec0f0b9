#include <workpool/algorithm/parallel_invoke.hpp>

#include <atomic>
#include <barrier>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/frames.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

template <class... F>
concept can_be_forked = requires(wp::thread_pool& pool, F... f) {
  wp::parallel_invoke(pool, f...);
};
static_assert(can_be_forked<void (*)()>);
static_assert(can_be_forked<void (*)(), int (*)(), void (*)()>);
static_assert(!can_be_forked<>);
static_assert(!can_be_forked<void (*)(int)>);

long fib(wp::thread_pool& pool, int n) {
  if (n < 2) return n;
  long a = 0, b = 0;
  wp::parallel_invoke(
      pool, [&] { a = fib(pool, n - 1); }, [&] { b = fib(pool, n - 2); });
  return a + b;
}

/// Meets its like on another thread; alone it would wait for ever.
struct meeting {
  std::barrier<> point;
  explicit meeting(int threads) : point(threads) {}
  void operator()() { point.arrive_and_wait(); }
};

}  // namespace

TEST_CASE("a fork calls each of its parts once, wherever it is called") {
  wp::thread_pool pool{3}, other{1};
  std::vector<std::atomic<int>> calls(4);
  const auto fork = [&] {
    wp::parallel_invoke(
        pool, [&] { ++calls[0]; }, [&] { ++calls[1]; }, [&] { ++calls[2]; }, [&] { ++calls[3]; });
  };
  fork();
  pool.submit(fork).get();
  other.submit(fork).get();
  pool.submit([&] { other.submit(fork).get(); }).get();
  for (const auto& count : calls) CHECK(count == 4);
  int alone = 0;
  wp::parallel_invoke(pool, [&] { ++alone; });
  CHECK(alone == 1);
}

TEST_CASE("the parts of a fork run at the same time while there are workers") {
  wp::thread_pool pool{4};
  meeting two(2), four(4);
  wp::parallel_invoke(pool, std::ref(two), std::ref(two));
  pool.submit([&] { wp::parallel_invoke(pool, std::ref(two), std::ref(two)); }).get();
  pool.submit([&] { wp::parallel_invoke(pool, std::ref(four), std::ref(four), std::ref(four), std::ref(four)); }).get();
  const auto pair = [&] { wp::parallel_invoke(pool, std::ref(four), std::ref(four)); };
  pool.submit([&] { wp::parallel_invoke(pool, pair, pair); }).get();
}

TEST_CASE("recursion by forks computes what recursion computes") {
  const std::size_t workers = GENERATE(1U, 2U, 4U);
  wp::thread_pool pool{workers};
  CHECK(fib(pool, 20) == 6765);
  for (int round = 0; round < 20; ++round) REQUIRE(pool.submit([&] { return fib(pool, 18); }).get() == 2584);
}

TEST_CASE("several tasks may fork at a time") {
  wp::thread_pool pool{3};
  std::vector<wp::future<long>> all;
  for (int n = 0; n < 50; ++n) all.push_back(pool.submit([&pool, n] { return fib(pool, 10 + n % 5); }));
  long sum = 0;
  for (auto& one : all) sum += one.get();
  CHECK(sum == 10 * (55 + 89 + 144 + 233 + 377));
}

TEST_CASE("a fork inside a fork may be deeper than the workers have room for parts") {
  wp::thread_pool pool{2};
  const int depth = workpool_test::large_frames ? 600 : 2000;
  std::atomic<int> ran{0};
  std::function<void(int)> nest = [&](int left) {
    if (left != 0)
      wp::parallel_invoke(
          pool, [&] { nest(left - 1); }, [&] { ++ran; });
  };
  pool.submit([&] { nest(depth); }).get();
  CHECK(ran == depth);
}

TEST_CASE("the first part that fails keeps those that have not begun from running") {
  wp::thread_pool pool{1};
  bool ran = false;
  auto done = pool.submit([&] {
    wp::parallel_invoke(
        pool, [] { throw std::runtime_error("first"); }, [&] { ran = true; });
  });
  CHECK_THROWS_WITH(done.get(), "first");
  CHECK_FALSE(ran);
  auto second = pool.submit([&] {
    wp::parallel_invoke(
        pool, [&] { ran = true; }, [] { throw std::runtime_error("second"); }, [&] { ran = false; });
  });
  CHECK_THROWS_WITH(second.get(), "second");
  CHECK(ran);
}

TEST_CASE("an error waits for the part that another worker runs") {
  wp::thread_pool pool{2};
  gate hold;
  std::atomic<bool> returned{false};
  auto done = pool.submit([&] {
    wp::parallel_invoke(
        pool,
        [&] {
          hold.await_arrivals(1);
          throw std::runtime_error("early");
        },
        [&] {
          hold.wait();
          returned = true;
          throw std::runtime_error("late");
        });
  });
  hold.await_arrivals(1);
  CHECK(done.wait_for(20ms) == std::future_status::timeout);
  hold.open();
  CHECK_THROWS_WITH(done.get(), "early");
  CHECK(returned);
}

TEST_CASE("what a part throws on another worker is thrown where it was forked") {
  wp::thread_pool pool{2};
  gate hold;
  hold.open();
  auto done = pool.submit([&] {
    wp::parallel_invoke(
        pool, [&] { hold.await_arrivals(1); },
        [&] {
          hold.wait();
          throw std::runtime_error("from the other worker");
        });
  });
  CHECK_THROWS_WITH(done.get(), "from the other worker");
  pool.wait_idle();
  CHECK(pool.stats().failed == 1);  // the task, and not the part
}

TEST_CASE("a fork from outside tells its error to the caller") {
  wp::thread_pool pool{2};
  const auto fail = [] { throw std::runtime_error("inside"); };
  CHECK_THROWS_WITH(wp::parallel_invoke(pool, fail, [] {}), "inside");
  pool.shutdown();
  CHECK_THROWS_AS(wp::parallel_invoke(pool, fail, fail), wp::pool_stopped);
}

TEST_CASE("a fork from outside that has no room is run by its caller, if the pool lets it") {
  wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1, .on_full = wp::on_full::caller_runs}}};
  pool.pause();
  pool.post([] {});
  std::thread::id where[2];
  wp::parallel_invoke(
      pool, [&] { where[0] = std::this_thread::get_id(); }, [&] { where[1] = std::this_thread::get_id(); });
  CHECK(where[0] == std::this_thread::get_id());
  CHECK(where[1] == std::this_thread::get_id());
  pool.resume();
}

TEST_CASE("a part on another worker belongs to the task that forked it") {
  wp::thread_pool pool{2};
  gate both;
  std::atomic<bool> stopped{false};
  std::atomic<wp::worker_id> here{99}, there{99};
  auto done = pool.submit([&] {
    wp::parallel_invoke(
        pool,
        [&] {
          here = wp::this_worker::id();
          both.await_arrivals(1);
        },
        [&] {
          there = wp::this_worker::id();
          const std::stop_token asked = wp::this_worker::stop_token();
          both.wait();
          while (!asked.stop_requested()) std::this_thread::yield();
          stopped = true;
        });
  });
  both.await_arrivals(1);
  both.open();
  CHECK(done.cancel() == wp::cancel_result::stop_requested);
  done.get();
  CHECK(stopped);
  CHECK(here < 2);
  CHECK(there == 1 - here);
}

TEST_CASE("a worker that waits for a part runs no task under a lock of its caller") {
  wp::thread_pool pool{2};
  std::mutex lock;
  thread_local bool holds = false;
  std::atomic<int> strangers{0}, under_the_lock{0};
  std::atomic<long> sum{0};
  for (int round = 0; round < 50; ++round) {
    gate taken;
    auto done = pool.submit([&] {
      const std::lock_guard hold(lock);
      holds = true;
      wp::parallel_invoke(
          pool, [&] { taken.await_arrivals(1); },
          [&] {
            taken.wait();
            for (int n = 0; n < 20; ++n) sum += fib(pool, 8);
          });
      holds = false;
    });
    for (int n = 0; n < 20; ++n) {
      pool.post([&] {
        under_the_lock += holds;
        ++strangers;
      });
      pool.post([&] {
        wp::parallel_invoke(
            pool, [&] { under_the_lock += holds; }, [&] { ++strangers; });
      });
    }
    taken.open();
    done.get();
  }
  pool.wait_idle();
  CHECK(strangers == 50 * 40);
  CHECK(sum == 50 * 20 * 21);
  CHECK(under_the_lock == 0);
}

TEST_CASE("a paused pool lets a fork go on, and starts nothing for it") {
  wp::thread_pool pool{2};
  gate begun;
  std::thread::id where[3];
  auto done = pool.submit([&] {
    where[0] = std::this_thread::get_id();
    begun.wait();
    wp::parallel_invoke(
        pool, [&] { where[1] = std::this_thread::get_id(); }, [&] { where[2] = std::this_thread::get_id(); });
  });
  begun.await_arrivals(1);
  pool.pause();
  begun.open();
  done.get();
  CHECK(where[1] == where[0]);
  CHECK(where[2] == where[0]);
  CHECK(pool.stats().started == 1);
}

TEST_CASE("a part that another worker has taken counts as a task") {
  wp::thread_pool pool{2};
  meeting two(2);
  pool.submit([&] { wp::parallel_invoke(pool, std::ref(two), std::ref(two)); }).get();
  pool.wait_idle();
  const wp::pool_stats now = pool.stats();
  CHECK(now.accepted == 2);
  CHECK(now.completed == 2);
  CHECK(now.running == 0);
}

TEST_CASE("while a worker sleeps for a part, another thread stands in for it") {
  wp::thread_pool pool{{.workers = 2, .max_overrun = 1}};
  gate part;
  auto done = pool.submit([&] {
    wp::parallel_invoke(
        pool, [&] { part.await_arrivals(1); }, [&] { part.wait(); });
  });
  part.await_arrivals(1);
  pool.submit([] {}).get();  // run by neither of the two
  part.open();
  done.get();
}

TEST_CASE("a forced shutdown abandons a fork with all its parts") {
  auto held = std::make_shared<gate>();
  wp::future<void> done;
  {
    wp::thread_pool pool{2};
    done = pool.submit([held, &pool] {
      wp::parallel_invoke(
          pool, [held] { held->wait(); }, [held] { held->wait(); });
    });
    held->await_arrivals(2);
    const wp::shutdown_report report = pool.shutdown({.drain = 1ms, .force = true});
    CHECK(report.abandoned == 2);
    CHECK(pool.stats().overrunning == 2);
    CHECK_THROWS_AS(done.get(), wp::task_cancelled);
    held->open();
    CHECK(workpool_test::eventually([&] { return pool.stats().overrunning == 0; }));
  }
}

TEST_CASE("the parts of a task that has been given up are left to it") {
  wp::thread_pool pool{{.workers = 1, .max_overrun = 2}};
  gate late;
  std::atomic<bool> over{false};
  std::thread::id where[3];
  auto done = pool.submit({.timeout = 1ms}, [&] {
    where[0] = std::this_thread::get_id();
    late.wait();
    wp::parallel_invoke(
        pool,
        [&] {
          where[1] = std::this_thread::get_id();
          std::this_thread::yield();
        },
        [&] { where[2] = std::this_thread::get_id(); });
    over = true;
  });
  CHECK_THROWS_AS(done.get(), wp::task_timeout);
  pool.submit([] {}).get();  // by the spare
  late.open();
  REQUIRE(workpool_test::eventually([&] { return over.load(); }));
  CHECK(where[1] == where[0]);
  CHECK(where[2] == where[0]);
  pool.wait_idle();
}

TEST_CASE("a part that waits for its own task is refused by name") {
  wp::thread_pool pool{{.workers = 2, .max_overrun = 2}};
  wp::future<void> done;
  gate known;
  std::string refused;
  done = pool.submit({.name = "the forker"}, [&] {
    known.wait();
    meeting two(2);
    wp::parallel_invoke(pool, std::ref(two), [&] {
      two();
      try {
        done.wait();
      } catch (const wp::would_deadlock& reason) {
        refused = reason.what();
      }
    });
  });
  known.await_arrivals(1);
  known.open();
  done.wait();
  CHECK_THAT(refused, Catch::Contains("'the forker'") && Catch::Contains("waits for itself"));
}

TEST_CASE("a part may submit tasks and wait for them") {
  wp::thread_pool pool{2};
  std::atomic<int> sum{0};
  for (int round = 0; round < 100; ++round) {
    pool.submit([&] {
          const auto add = [&] { sum += pool.submit([] { return 1; }).get(); };
          wp::parallel_invoke(pool, add, add, add);
        })
        .get();
  }
  CHECK(sum == 300);
}

TEST_CASE("forks of random shape, with errors, waits and shutdowns, lose nothing") {
  std::atomic<int> live{0};
  for (unsigned round = 0; round < 40; ++round) {
    std::atomic<long> leaves{0};
    {
      wp::thread_pool pool{1 + round % 4};
      std::function<void(unsigned)> grow = [&](unsigned seed) {
        ++live;
        const struct leave {
          std::atomic<int>& live;
          ~leave() { --live; }
        } at_the_end{live};
        const unsigned next = seed * 747796405U + 2891336453U;
        if (next % 97 == 0) throw std::runtime_error("a leaf broke");
        if (seed % 1024 < 8 || next % 11 == 0) {
          ++leaves;
          if (next % 5 == 0) pool.submit([&] { ++leaves; }).get();
          return;
        }
        const unsigned smaller = (seed % 1024) / 2;
        wp::parallel_invoke(
            pool, [&] { grow((next & ~1023U) + smaller); }, [&] { grow((next << 10) + smaller); });
      };
      std::vector<wp::future<void>> all;
      for (unsigned n = 0; n < 20; ++n)
        all.push_back(pool.submit([&grow, n, round] { grow(1000 + 1024 * n + round); }));
      for (auto& one : all) {
        try {
          one.get();
        } catch (const std::runtime_error& broke) {
          REQUIRE(std::string(broke.what()) == "a leaf broke");
        }
      }
      pool.wait_idle();
      const wp::pool_stats now = pool.stats();
      REQUIRE(now.accepted == now.completed + now.failed);
    }
    REQUIRE(live == 0);
    REQUIRE(leaves > 0);
  }
}
