#include <workpool/algorithm/for_each.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <forward_list>
#include <iterator>
#include <latch>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <ranges>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "support/catch.hpp"
#include "support/gate.hpp"
#include "support/object_census.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {

/// A range that can be walked once only.
struct read_once {
  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    int operator*() const { return 0; }
    iterator& operator++() { return *this; }
    void operator++(int) {}
    bool operator==(std::default_sentinel_t) const { return true; }
  };
  iterator begin() const { return {}; }
  std::default_sentinel_t end() const { return {}; }
};
static_assert(std::ranges::input_range<read_once>);

template <class Range, class F>
concept can_be_looped = requires(wp::thread_pool& pool, Range&& range, F f) {
  wp::for_each(pool, std::forward<Range>(range), f);
};
static_assert(can_be_looped<std::vector<int>&, void (*)(int&)>);
static_assert(can_be_looped<std::vector<int>, int (*)(int&)>);
static_assert(!can_be_looped<const std::vector<int>&, void (*)(int&)>);
static_assert(!can_be_looped<std::vector<int>&, void (*)(std::string)>);
static_assert(!can_be_looped<read_once, void (*)(int)>);
static_assert(!can_be_looped<int, void (*)(int)>);

/// Numbers from 0, of which stepping on from one of them throws.
struct breaks_after {
  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    int operator*() const { return n; }
    iterator& operator++() {
      if (n == last) throw std::runtime_error("no next one");
      ++n;
      return *this;
    }
    iterator operator++(int) {
      const iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator& other) const { return n == other.n; }
    int n = 0;
    int last = 0;
  };
  iterator begin() const { return {0, last}; }
  iterator end() const { return {1000000, last}; }
  int last;
};

}  // namespace

TEMPLATE_TEST_CASE("every element is visited once and may be changed", "[for_each]", std::vector<int>, std::list<int>,
                   std::forward_list<int>) {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    wp::thread_pool pool{workers};
    for (const std::size_t chunk : {0U, 1U, 7U, 100000U}) {
      TestType range(3000);
      wp::for_each(pool, range, [](int& n) { ++n; }, {.chunk = chunk});
      REQUIRE(std::ranges::all_of(range, [](int n) { return n == 1; }));
    }
  }
}

TEST_CASE("elements are passed by reference, of const ranges too", "[for_each]") {
  wp::thread_pool pool{2};
  workpool_test::object_census census;
  std::vector<workpool_test::object_census::object> range;
  range.reserve(100);
  for (int n = 0; n < 100; ++n) range.push_back(census.make());
  const int moves = census.moves();
  std::atomic<int> right{0};
  wp::for_each(pool, std::as_const(range), [&](const auto& one) {
    if (&one >= range.data() && &one < range.data() + range.size()) ++right;
  });
  const std::list<std::string> words{"a", "b"};
  wp::for_each(pool, words, [&](const std::string& one) { right += &one == &words.front() ? 1000 : 0; });
  CHECK(right == 1100);
  CHECK(census.copies() == 0);
  CHECK(census.moves() == moves);
}

TEST_CASE("arrays, spans, maps and rvalues are ranges like any other", "[for_each]") {
  wp::thread_pool pool{2};
  std::atomic<int> sum{0};
  const auto add = [&](int n) { sum += n; };
  int plain[] = {1, 2, 3};
  wp::for_each(pool, plain, add);
  wp::for_each(pool, std::span(plain), add);
  wp::for_each(pool, std::array{10, 20}, add);
  wp::for_each(pool, std::vector{100, 200}, add);
  wp::for_each(pool, std::map<int, int>{{1, 10000}, {2, 20000}}, [&](const auto& one) { sum += one.second; });
  wp::for_each(pool, std::set<int>{100000}, add);
  const std::vector<bool> bits{true, false, true};
  wp::for_each(pool, bits, [&](bool set) { sum += set ? 1000000 : 0; });
  CHECK(sum == 6 + 6 + 30 + 300 + 30000 + 100000 + 2000000);
}

#if !defined(__clang__) || __clang_major__ >= 16  // earlier ones cannot compile the views of libstdc++
TEST_CASE("views are ranges, those that make their elements on the way too", "[for_each]") {
  wp::thread_pool pool{2};
  std::atomic<int> sum{0};
  const auto add = [&](int n) { sum += n; };
  wp::for_each(pool, std::views::iota(0, 101), add);
  const std::vector<int> some{1, 2, 3};
  wp::for_each(pool, some | std::views::filter([](int n) { return n > 1; }), add);
  wp::for_each(pool, some | std::views::transform([](int n) { return n * 1000; }), add, {.chunk = 1});
  CHECK(sum == 5050 + 5 + 6000);
}
#endif

TEST_CASE("a member works as the function, and move-only functions do", "[for_each]") {
  struct account {
    void deposit() { ++balance; }
    int balance = 0;
  };
  wp::thread_pool pool{2};
  std::vector<account> all(50);
  wp::for_each(pool, all, &account::deposit);
  wp::for_each(pool, all, [by = std::make_unique<int>(9)](account& one) { one.balance += *by; });
  CHECK(std::ranges::all_of(all, [](const account& one) { return one.balance == 10; }));
}

TEST_CASE("an empty range does nothing, not even on a stopped pool", "[for_each]") {
  wp::thread_pool pool{1};
  const std::vector<int> none;
  const std::forward_list<int> no_list;
  wp::for_each(pool, none, [](int) { throw 1; });
  wp::for_each(pool, no_list, [](int) { throw 1; });
  CHECK(pool.stats().submitted == 0);
  pool.shutdown();
  wp::for_each(pool, none, [](int) { throw 1; });
}

TEST_CASE("a stopped pool says so before anything has run", "[for_each]") {
  wp::thread_pool pool{2};
  pool.shutdown();
  std::atomic<int> ran{0};
  for (const std::size_t count : {1U, 2U, 100U}) {
    const std::vector<int> range(count);
    const std::forward_list<int> list(count);
    CHECK_THROWS_AS(wp::for_each(pool, range, [&](int) { ++ran; }), wp::pool_stopped);
    CHECK_THROWS_AS(wp::for_each(pool, list, [&](int) { ++ran; }), wp::pool_stopped);
  }
  CHECK(ran == 0);
}

TEST_CASE("a priority that is none is refused before anything has run", "[for_each]") {
  wp::thread_pool pool{2};
  std::atomic<int> ran{0};
  const std::vector<int> range(10);
  CHECK_THROWS_AS(wp::for_each(pool, range, [&](int) { ++ran; }, {.priority = static_cast<wp::priority>(7)}),
                  wp::bad_config);
  CHECK(ran == 0);
}

TEST_CASE("the caller and the workers share the work", "[for_each]") {
  wp::thread_pool pool{2};
  std::latch all_three{3};
  std::mutex mutex;
  std::set<std::thread::id> seen;
  const std::vector<int> range(3);
  wp::for_each(pool, range,
               [&](int) {
                 all_three.arrive_and_wait();
                 const std::lock_guard hold(mutex);
                 seen.insert(std::this_thread::get_id());
               },
               {.chunk = 1});
  CHECK(seen.size() == 3);
  CHECK(seen.contains(std::this_thread::get_id()));
}

TEST_CASE("on a paused pool the caller does it all", "[for_each]") {
  wp::thread_pool pool{2};
  pool.pause();
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<int> here{0};
  wp::for_each(pool, std::vector<int>(1000), [&](int) { here += std::this_thread::get_id() == caller ? 1 : 0; });
  CHECK(here == 1000);
  CHECK(pool.stats().queued == 0);
}

TEST_CASE("with the queue full the caller does it all, under every policy", "[for_each]") {
  for (const wp::on_full policy :
       {wp::on_full::block, wp::on_full::reject, wp::on_full::caller_runs, wp::on_full::drop_oldest}) {
    gate held;
    wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 1, .on_full = policy}}};
    pool.post([&] { held.wait(); });
    held.await_arrivals(1);
    pool.post([] {});
    std::atomic<int> visited{0};
    wp::for_each(pool, std::vector<int>(100), [&](int) { ++visited; }, {.chunk = 1});
    CHECK(visited == 100);
    held.open();
  }
}

TEST_CASE("loops inside tasks and inside loops end on any number of workers", "[for_each]") {
  for (const std::size_t workers : {1U, 2U, 3U}) {
    wp::thread_pool pool{workers};
    std::atomic<int> visited{0};
    const auto nested = [&] {
      wp::for_each(pool, std::vector<int>(10), [&](int) {
        wp::for_each(pool, std::vector<int>(10), [&](int) {
          wp::for_each(pool, std::forward_list<int>(10), [&](int) { ++visited; }, {.chunk = 1});
        });
      });
    };
    pool.submit(nested).get();
    nested();
    CHECK(visited == 2000);
  }
}

TEST_CASE("a loop inside a task never runs a stranger's task, so a lock may be held across it", "[for_each]") {
  wp::thread_pool pool{2};
  std::mutex locked;
  std::atomic<int> strangers{0};
  const auto holder = [&] {
    for (int turn = 0; turn < 50; ++turn) {
      pool.post([&] {
        const std::lock_guard hold(locked);
        ++strangers;
      });
      const std::lock_guard hold(locked);
      wp::for_each(pool, std::vector<int>(20), [](int) {}, {.chunk = 1});
    }
  };
  auto first = pool.submit(holder);
  auto second = pool.submit(holder);
  first.get();
  second.get();
  pool.wait_idle();
  CHECK(strangers == 100);
}

TEST_CASE("the first error is rethrown when every body has returned, and the rest is left out", "[for_each]") {
  for (const std::size_t chunk : {0U, 1U, 50U}) {
    wp::thread_pool pool{2};
    std::atomic<int> inside{0};
    std::atomic<int> visited{0};
    std::vector<int> range(100000);
    range[10] = 1;
    CHECK_THROWS_WITH(wp::for_each(pool, range,
                                   [&](int fails) {
                                     ++inside;
                                     ++visited;
                                     if (fails != 0) {
                                       --inside;
                                       throw std::runtime_error("tenth");
                                     }
                                     if (visited > 11) std::this_thread::yield();
                                     --inside;
                                   },
                                   {.chunk = chunk}),
                      "tenth");
    CHECK(inside == 0);
    if (chunk != 1) CHECK(visited < 100000);  // else the others may have come to the end before the throw is over
    CHECK(pool.stats().running == 0);
    CHECK(pool.stats().queued == 0);
  }
}

TEST_CASE("an error on the only thread that works leaves out all that follows", "[for_each]") {
  wp::thread_pool pool{2};
  pool.pause();
  std::vector<int> range(1000);
  std::iota(range.begin(), range.end(), 0);
  std::vector<int> visited;
  CHECK_THROWS_AS(wp::for_each(pool, range,
                               [&](int n) {
                                 visited.push_back(n);
                                 if (n == 5) throw n;
                               }),
                  int);
  CHECK(visited == std::vector{0, 1, 2, 3, 4, 5});
}

TEST_CASE("a step that throws is an error of the loop", "[for_each]") {
  wp::thread_pool pool{2};
  for (const std::size_t chunk : {0U, 1U, 3U, 1000U}) {
    for (const int last : {0, 5, 500}) {
      std::atomic<int> most{0};
      CHECK_THROWS_WITH(wp::for_each(pool, breaks_after{last},
                                     [&](int n) {
                                       for (int seen = most; seen < n && !most.compare_exchange_weak(seen, n);) {
                                       }
                                     },
                                     {.chunk = chunk}),
                        "no next one");
      CHECK(most <= last);
    }
  }
}

TEST_CASE("an error inside a task of the pool comes out of the task", "[for_each]") {
  wp::thread_pool pool{1};
  auto task =
      pool.submit([&] { wp::for_each(pool, std::vector<int>(100), [](int) { throw std::runtime_error("inside"); }); });
  CHECK_THROWS_WITH(task.get(), "inside");
  pool.wait_idle();
  CHECK(pool.stats().queued == 0);
}

TEST_CASE("a helper whose task is purged or dropped is no error", "[for_each]") {
  wp::thread_pool pool{2};
  std::atomic<int> visited{0};
  std::atomic<bool> done{false};
  std::thread purger([&] {
    while (!done) static_cast<void>(pool.purge());
  });
  for (int round = 0; round < 200; ++round) wp::for_each(pool, std::vector<int>(50), [&](int) { ++visited; });
  done = true;
  purger.join();
  CHECK(visited == 10000);
}

TEST_CASE("a helper that a forced shutdown has abandoned is still waited for", "[for_each]") {
  wp::thread_pool pool{1};
  gate held;
  std::atomic<int> returned{0};
  const std::thread::id caller = std::this_thread::get_id();
  std::thread opener([&] {
    held.await_arrivals(1);
    pool.shutdown({.drain = 0ns});
    for (int turn = 0; turn < 200; ++turn) std::this_thread::yield();
    held.open();
  });
  wp::for_each(pool, std::vector<int>(2),
               [&](int) {
                 if (std::this_thread::get_id() == caller) {
                   held.await_arrivals(1);
                 } else {
                   held.wait();
                 }
                 ++returned;
               },
               {.chunk = 1});
  CHECK(returned == 2);
  opener.join();
}

TEST_CASE("what the elements were before is seen by the workers, and what they did is seen after", "[for_each]") {
  wp::thread_pool pool{2};
  for (int round = 0; round < 300; ++round) {
    std::vector<int> range(64, round);
    wp::for_each(pool, range, [](int& n) { n = 2 * n + 1; }, {.chunk = 4});
    REQUIRE(range == std::vector<int>(64, 2 * round + 1));
  }
}

TEST_CASE("several threads loop over one pool at a time", "[for_each]") {
  wp::thread_pool pool{2};
  std::atomic<int> visited{0};
  std::vector<std::thread> callers;
  for (int n = 0; n < 3; ++n) {
    callers.emplace_back([&] {
      for (int round = 0; round < 100; ++round) {
        wp::for_each(pool, std::vector<int>(40), [&](int) { ++visited; }, {.chunk = 1});
      }
    });
  }
  for (std::thread& one : callers) one.join();
  CHECK(visited == 12000);
}

TEST_CASE("a body that waits for the task whose loop it belongs to is refused by name, on every thread") {
  wp::thread_pool pool{{.workers = 2, .max_overrun = 2}};
  for (int round = 0; round < 20; ++round) {
    wp::future<void> loop;
    gate known;
    std::atomic<int> refused{0}, meeting{0};
    loop = pool.submit({.name = "the loop"}, [&] {
      known.wait();
      const std::vector<int> two(2);
      wp::for_each(pool, two,
                   [&](int) {
                     ++meeting;
                     while (meeting < 2) std::this_thread::yield();  // so that two threads are at it
                     try {
                       loop.wait();
                     } catch (const wp::would_deadlock& reason) {
                       refused += std::string(reason.what()).find("'the loop'") != std::string::npos;
                     }
                   },
                   {.chunk = 1});
    });
    known.await_arrivals(1);
    known.open();
    loop.wait();
    REQUIRE(refused == 2);
  }
}
