#include <workpool/pool/basic_thread_pool.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <latch>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/frames.hpp"
#include "support/gate.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

TEST_CASE("a worker that waits for a task nobody has started runs it itself", "[waiting]") {
  wp::basic_thread_pool<> pool{{.workers = 1, .max_overrun = 0}};
  auto same_thread = pool.submit([&] {
    const auto outer = std::this_thread::get_id();
    return pool.submit([outer] { return std::this_thread::get_id() == outer; }).get();
  });
  CHECK(same_thread.get());
}

TEST_CASE("one worker gets to the bottom of ten thousand tasks that wait for one another", "[waiting]") {
  constexpr std::size_t spares = workpool_test::large_frames ? 64 : 1;
  wp::basic_thread_pool<> pool{{.workers = 1, .max_overrun = spares}};
  std::function<int(int)> nest = [&](int depth) -> int {
    return depth == 0 ? 0 : 1 + pool.submit([&, depth] { return nest(depth - 1); }).get();
  };
  CHECK(pool.submit([&] { return nest(10'000); }).get() == 10'000);
}

TEST_CASE("a worker that waits for its own task never runs a stranger's", "[waiting]") {
  wp::basic_thread_pool<> pool{{.workers = 2, .max_overrun = 0}};
  std::mutex held;
  gate inner_held, outer_waits;
  std::atomic<bool> strangers_done{false};
  auto inner = pool.submit([&] { inner_held.wait(); });
  inner_held.await_arrivals(1);
  auto outer = pool.submit([&] {
    const std::lock_guard hold(held);  // a stranger that ran here would lock it twice
    outer_waits.open();
    inner.wait();
  });
  outer_waits.wait();
  std::vector<wp::future<void>> strangers;
  for (int n = 0; n < 10; ++n) strangers.push_back(pool.submit([&] { const std::lock_guard hold(held); }));
  inner_held.open();
  outer.get();
  for (auto& one : strangers) one.get();
  strangers_done = true;
  CHECK(strangers_done);
}

TEST_CASE("a spare stands in for a worker that waits, and leaves when it is back", "[waiting]") {
  wp::basic_thread_pool<> pool{2};
  gate held;
  auto slow = pool.submit([&] { held.wait(); });
  held.await_arrivals(1);
  auto waiter = pool.submit([&] { slow.wait(); });
  CHECK(pool.submit([] { return 5; }).get() == 5);  // with both workers taken
  CHECK(pool.stats().workers == 3);
  held.open();
  waiter.get();
  pool.wait_idle();
  CHECK(eventually([&] { return pool.stats().workers == 2; }));
  CHECK(pool.submit([] { return 6; }).get() == 6);
}

TEST_CASE("cycles of one to four waiting tasks are refused by name", "[waiting]") {
  for (std::size_t length = 1; length <= 4; ++length) {
    CAPTURE(length);
    wp::basic_thread_pool<> pool{{.workers = length, .max_overrun = 4}};
    std::array<wp::future<void>, 4> futures;
    std::latch all_there(static_cast<std::ptrdiff_t>(length));
    std::atomic<int> refused{0};
    std::mutex text_mutex;
    std::string text;
    gate begin;
    for (std::size_t n = 0; n < length; ++n) {
      futures[n] = pool.submit({.name = std::string(1, static_cast<char>('a' + n))}, [&, n] {
        begin.wait();
        all_there.arrive_and_wait();  // now every task runs and none can be run by who waits for it
        try {
          futures[(n + 1) % length].wait();
        } catch (const wp::would_deadlock& error) {
          ++refused;
          const std::lock_guard hold(text_mutex);
          text = error.what();
        }
      });
    }
    begin.open();
    pool.wait_idle();
    CHECK(refused == 1);
    if (length == 1) CHECK(text.find("'a' waits for itself") != std::string::npos);
    for (std::size_t n = 0; n < length; ++n) {
      CHECK(text.find("'" + std::string(1, static_cast<char>('a' + n)) + "'") != std::string::npos);
      CHECK_NOTHROW(futures[n].get());
    }
  }
}

TEST_CASE("a cycle through two pools is refused, too", "[waiting]") {
  wp::basic_thread_pool<> one{1}, other{1};
  wp::future<void> first, second;
  std::latch both(2);
  gate begin;
  std::atomic<int> refused{0};
  const auto wait_for = [&](wp::future<void>& awaited) {
    begin.wait();
    both.arrive_and_wait();
    try {
      awaited.wait();
    } catch (const wp::would_deadlock&) {
      ++refused;
    }
  };
  first = one.submit([&] { wait_for(second); });
  second = other.submit([&] { wait_for(first); });
  begin.open();
  one.wait_idle();
  other.wait_idle();
  CHECK(refused == 1);
}

TEST_CASE("a wait with a limit closes no cycle", "[waiting]") {
  wp::basic_thread_pool<> pool{2};
  wp::future<std::future_status> self;
  gate begin;
  self = pool.submit([&] {
    begin.wait();
    return self.wait_for(5ms);
  });
  begin.open();
  CHECK(self.get() == std::future_status::timeout);
}

TEST_CASE("a refused wait leaves the future as it was", "[waiting]") {
  wp::basic_thread_pool<> pool{1};
  wp::future<int> self;
  gate begin;
  self = pool.submit([&] {
    begin.wait();
    try {
      return self.get();
    } catch (const wp::would_deadlock&) {
      return self.valid() ? 1 : 2;
    }
  });
  begin.open();
  CHECK(self.get() == 1);
}

TEST_CASE("in a paused pool a waiting worker starts nothing until the pool is resumed", "[waiting]") {
  wp::basic_thread_pool<> pool{1};
  gate begin;
  std::atomic<bool> inner_ran{false};
  auto outer = pool.submit([&] {
    auto inner = pool.submit([&] { inner_ran = true; });
    begin.wait();
    inner.get();
  });
  begin.await_arrivals(1);
  pool.pause();
  begin.open();
  CHECK_FALSE(outer.wait_for(20ms) == std::future_status::ready);
  CHECK_FALSE(inner_ran);
  pool.resume();
  outer.get();
  CHECK(inner_ran);
}

TEST_CASE("an outside thread runs a task only when it asks to", "[waiting]") {
  wp::basic_thread_pool<> pool{1};
  pool.pause();
  const auto here = std::this_thread::get_id();
  auto asked = pool.submit([here] { return std::this_thread::get_id() == here; });
  CHECK(asked.get(wp::help));
  auto not_asked = pool.submit([here] { return std::this_thread::get_id() == here; });
  CHECK(not_asked.wait_for(5ms) == std::future_status::timeout);
  pool.resume();
  CHECK_FALSE(not_asked.get());
}

TEST_CASE("a part of a bulk that waits for the whole is refused, directly and through another task", "[waiting]") {
  wp::basic_thread_pool<> pool{2};
  gate held;
  std::atomic<int> refused{0};
  const auto wait_for = [&refused](const wp::future<void>& one) {
    try {
      one.wait();
    } catch (const wp::would_deadlock&) {
      ++refused;
    }
  };
  wp::future<void> all, other;
  all = pool.submit_bulk(1, [&](std::size_t) {
    held.wait();
    wait_for(all);
    wait_for(other);
  });
  other = pool.submit([&] {
    held.wait();
    wait_for(all);
  });
  held.await_arrivals(2);
  held.open();
  pool.wait_idle();  // get() comes after the last wait()
  all.get();
  other.get();
  CHECK(refused == 2);
}

TEST_CASE("two tasks may wait for each other where one of them has a timeout", "[waiting]") {
  wp::basic_thread_pool<> pool{2};
  gate held;
  wp::future<void> limited, other;
  limited = pool.submit({.timeout = 50ms}, [&] {
    held.wait();
    other.wait();
  });
  other = pool.submit([&] {
    held.wait();
    limited.wait();
  });
  held.await_arrivals(2);
  held.open();
  pool.wait_idle();
  CHECK_NOTHROW(other.get());
  CHECK_THROWS_AS(limited.get(), wp::task_timeout);
}

TEST_CASE("a worker that runs another pool's task in the middle of its own still works for its own pool", "[waiting]") {
  auto mine = std::make_unique<wp::basic_thread_pool<>>(1);
  wp::basic_thread_pool<>& pool = *mine;
  wp::basic_thread_pool<> other{1};
  other.pause();
  int value = 0;
  bool refused = false;
  gate held;
  auto outer = pool.submit([&] {
    held.wait();
    other
        .submit([&] {
          value = pool.submit([] { return 7; }).get();
          try {
            pool.wait_idle();
          } catch (const wp::would_deadlock&) {
            refused = true;
          }
          mine.reset();
        })
        .get(wp::help);
  });
  held.open();
  outer.get();
  CHECK(value == 7);
  CHECK(refused);
  CHECK(mine == nullptr);
}

namespace {
struct waits_at_its_end {
  waits_at_its_end(const wp::future<void>& one, std::atomic<int>& count) noexcept : awaited(&one), begun(&count) {}
  waits_at_its_end(waits_at_its_end&& other) noexcept
      : awaited(std::exchange(other.awaited, nullptr)), begun(other.begun) {}
  waits_at_its_end& operator=(waits_at_its_end&&) = delete;
  ~waits_at_its_end() {
    if (awaited == nullptr) return;
    ++*begun;
    awaited->wait();
  }
  const wp::future<void>* awaited;
  std::atomic<int>* begun;
};
}  // namespace

TEST_CASE("a worker that waits in a capture of another pool's task holds up nobody there", "[waiting]") {
  constexpr int many = 8;
  wp::basic_thread_pool<> large{many}, small{{.workers = 1, .max_overrun = many}};
  gate held, at_once;
  auto running = small.submit([&] { held.wait(); });
  held.await_arrivals(1);
  std::atomic<int> begun{0};
  std::vector<wp::future<void>> waiting, cancels;
  for (int n = 0; n < many; ++n) waiting.push_back(small.submit([at_end = waits_at_its_end(running, begun)] {}));
  for (int n = 0; n < many; ++n) {
    cancels.push_back(large.submit([&at_once, &one = waiting[static_cast<std::size_t>(n)]] {
      at_once.wait();
      static_cast<void>(one.cancel());
    }));
  }
  at_once.await_arrivals(many);
  at_once.open();
  small.post([] {});  // nobody is held up for whom a spare would take this
  REQUIRE(workpool_test::eventually([&] { return begun == many; }));
  for (int turn = 0; turn < 1'000; ++turn) std::this_thread::yield();
  CHECK(small.stats().workers == 1);
  held.open();
  for (auto& one : cancels) one.get();
  small.wait_idle();
  CHECK(small.stats().cancelled == many);
}

TEST_CASE("two pools of one worker each may wait for each other's tasks", "[waiting]") {
  wp::basic_thread_pool<> one{1}, other{1};
  auto outer = one.submit([&] { return other.submit([&] { return one.submit([] { return 1; }).get(); }).get(); });
  CHECK(outer.get() == 1);
}
