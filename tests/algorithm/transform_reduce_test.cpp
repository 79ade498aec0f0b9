#include <workpool/algorithm/transform_reduce.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <forward_list>
#include <functional>
#include <list>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <workpool/pool/thread_pool.hpp>

#include "support/catch.hpp"
#include "support/gate.hpp"

namespace wp = workpool;

namespace {

std::string letter(int n) { return std::string(1, static_cast<char>('a' + n % 26)); }

std::string letters(int count) {
  std::string all;
  for (int n = 0; n < count; ++n) all += letter(n);
  return all;
}

template <class Range>
Range numbers(int count) {
  Range all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

template <class T, class Reduce, class F>
concept can_be_reduced = requires(wp::thread_pool& pool, const std::vector<int>& range, T init, Reduce reduce, F f) {
  wp::transform_reduce(pool, range, std::move(init), reduce, f);
};
static_assert(can_be_reduced<int, std::plus<>, int (*)(int)>);
static_assert(can_be_reduced<std::string, std::plus<>, std::string (*)(int)>);
static_assert(!can_be_reduced<std::string, std::plus<>, int (*)(int)>);
static_assert(!can_be_reduced<int, std::plus<>, void (*)(int)>);
static_assert(!can_be_reduced<int, int, int (*)(int)>);

/// Neither copied nor made from nothing.
struct weight {
  explicit weight(int n) : grams(std::make_unique<int>(n)) {}
  std::unique_ptr<int> grams;
};

}  // namespace

TEMPLATE_TEST_CASE("a reduction that is only associative comes out in the order of the range", "[transform_reduce]",
                   std::vector<int>, std::list<int>, std::forward_list<int>) {
  for (const std::size_t workers : {1U, 2U, 4U}) {
    wp::thread_pool pool{workers};
    for (const int count : {0, 1, 2, 50, 1000}) {
      const TestType range = numbers<TestType>(count);
      for (const std::size_t chunk : {0U, 1U, 3U, 5000U}) {
        const std::string all =
            wp::transform_reduce(pool, range, std::string("> "), std::plus<>(), letter, {.chunk = chunk});
        REQUIRE(all == "> " + letters(count));
      }
    }
  }
}

TEST_CASE("init is folded in once, first, and is the answer for an empty range", "[transform_reduce]") {
  wp::thread_pool pool{2};
  const auto twice = [](int n) { return 2 * n; };
  CHECK(wp::transform_reduce(pool, std::vector<int>(), 7, std::plus<>(), twice) == 7);
  CHECK(wp::transform_reduce(pool, std::vector{1, 2, 3}, 100, std::plus<>(), twice, {.chunk = 1}) == 112);
  CHECK(wp::transform_reduce(pool, numbers<std::vector<int>>(100000), 1L, std::plus<>(),
                             [](int n) { return static_cast<long>(n); }) == 4999950001L);
}

TEST_CASE("the same chunks give the same answer, to the last bit", "[transform_reduce]") {
  wp::thread_pool pool{3};
  const auto range = numbers<std::vector<int>>(5000);
  const auto inverse = [](int n) { return 1.0 / (1.0 + n); };
  for (const std::size_t chunk : {0U, 7U, 100U}) {
    const double first = wp::transform_reduce(pool, range, 0.0, std::plus<>(), inverse, {.chunk = chunk});
    for (int round = 0; round < 50; ++round) {
      REQUIRE(wp::transform_reduce(pool, range, 0.0, std::plus<>(), inverse, {.chunk = chunk}) == first);
    }
  }
}

TEST_CASE("a value may be move-only and need not be default-constructible", "[transform_reduce]") {
  wp::thread_pool pool{2};
  static_assert(!std::is_default_constructible_v<weight> && !std::is_copy_constructible_v<weight>);
  const weight sum = wp::transform_reduce(
      pool, numbers<std::vector<int>>(100), weight(1000),
      [](weight left, weight right) { return weight(*left.grams + *right.grams); }, [](int n) { return weight(n); },
      {.chunk = 3});
  CHECK(*sum.grams == 5950);
}

TEST_CASE("the function may give something that converts, and a member works as one", "[transform_reduce]") {
  struct row {
    short length;
  };
  wp::thread_pool pool{2};
  const std::vector<row> rows{{1}, {20}, {300}};
  CHECK(wp::transform_reduce(pool, rows, 0L, std::plus<>(), &row::length) == 321);
  CHECK(wp::transform_reduce(pool, std::vector{true, true, false}, 0, std::plus<>(),
                             [](bool set) { return set ? 1 : 0; }) == 2);
  CHECK(wp::transform_reduce(
            pool, std::vector{1, 2, 3, 4, 5}, 1, [](int left, int right) { return left * right; }, std::identity()) ==
        120);
}

TEST_CASE("elements may be changed on the way", "[transform_reduce]") {
  wp::thread_pool pool{2};
  std::vector<int> range(1000, 1);
  CHECK(wp::transform_reduce(pool, range, 0, std::plus<>(), [](int& n) { return std::exchange(n, 5); }) == 1000);
  CHECK(range == std::vector<int>(1000, 5));
}

TEST_CASE("what function, reduce or a step throws comes out when every body has returned", "[transform_reduce]") {
  wp::thread_pool pool{2};
  const auto range = numbers<std::vector<int>>(1000);
  std::atomic<int> inside{0};
  CHECK_THROWS_WITH(wp::transform_reduce(pool, range, 0, std::plus<>(),
                                         [&](int n) {
                                           ++inside;
                                           std::this_thread::yield();
                                           --inside;
                                           if (n == 500) throw std::runtime_error("function");
                                           return n;
                                         }),
                    "function");
  CHECK(inside == 0);
  const auto refuses = [](int left, int right) {
    if (right == 700) throw std::runtime_error("reduce");
    return std::max(left, right);
  };
  CHECK_THROWS_WITH(wp::transform_reduce(pool, range, 0, refuses, std::identity(), {.chunk = 1}), "reduce");
  CHECK_THROWS_WITH(wp::transform_reduce(pool, range, 0, refuses, std::identity(), {.chunk = 100000}), "reduce");
  CHECK(pool.stats().running == 0);
  CHECK(pool.stats().queued == 0);
}

TEST_CASE("a stopped pool says so before anything has run, unless there is nothing to do", "[transform_reduce]") {
  wp::thread_pool pool{2};
  pool.shutdown();
  std::atomic<int> ran{0};
  const auto count = [&](int n) {
    ++ran;
    return n;
  };
  CHECK_THROWS_AS(wp::transform_reduce(pool, std::vector<int>(10), 0, std::plus<>(), count), wp::pool_stopped);
  CHECK(wp::transform_reduce(pool, std::vector<int>(), 3, std::plus<>(), count) == 3);
  CHECK(ran == 0);
}

TEST_CASE("a reduction inside a task, on a paused pool, or with a full queue comes to its end", "[transform_reduce]") {
  const auto range = numbers<std::vector<int>>(100);
  const auto sum = [&](wp::thread_pool& pool) {
    return wp::transform_reduce(pool, range, 0, std::plus<>(), std::identity(), {.chunk = 1});
  };
  wp::thread_pool one{1};
  CHECK(one.submit([&] { return sum(one); }).get() == 4950);
  wp::thread_pool paused{2};
  paused.pause();
  CHECK(sum(paused) == 4950);
  gate held;
  wp::thread_pool full{{.workers = 1, .queue = {.capacity = 1}}};
  full.post([&] { held.wait(); });
  held.await_arrivals(1);
  full.post([] {});
  CHECK(sum(full) == 4950);
  held.open();
}

TEST_CASE("results of chunks are folded by their number, whichever came first", "[transform_reduce]") {
  wp::detail::partial_results<std::string> partial;
  partial.put(2, "c");
  partial.put(0, "a");
  partial.put(1, "b");
  std::plus<> join;
  CHECK(partial.fold(std::string("="), join) == "=abc");
}
