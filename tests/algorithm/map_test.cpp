#include <workpool/algorithm/map.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <forward_list>
#include <istream>
#include <iterator>
#include <latch>
#include <memory>
#include <numeric>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>
#include <workpool/pool/thread_pool.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"
#include "support/eventually.hpp"
#include "support/gate.hpp"
#include "support/object_census.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;
using workpool_test::eventually;

namespace {

/// A single-pass range that makes 0, 1, 2 … on the way and counts what was asked of it.
struct numbers {
  int limit = -1;             // so many; negative: endless
  int read_fails_at = -1;     // reading this element throws
  int step_fails_after = -1;  // stepping on from this element throws
  int here = 0;
  int reads = 0;

  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    int operator*() const {
      if (of->here == of->read_fails_at) throw std::runtime_error("unreadable");
      ++of->reads;
      return of->here;
    }
    iterator& operator++() {
      if (of->here == of->step_fails_after) throw std::runtime_error("no next one");
      ++of->here;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return of->here == of->limit; }

    numbers* of = nullptr;
  };

  iterator begin() { return {this}; }
  std::default_sentinel_t end() const { return {}; }
};

/// The words of a stream, each read when one steps to it, as std::ranges::istream_view does.
struct words {
  std::istream* from;

  struct iterator {
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;

    const std::string& operator*() const { return *word; }
    iterator& operator++() {
      *from >> *word;
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return !*from; }

    std::istream* from = nullptr;
    std::string* word = nullptr;
  };

  iterator begin() { return ++iterator{from, &word}; }
  std::default_sentinel_t end() const { return {}; }
  std::string word{};
};

int twice(int n) { return 2 * n; }

/// What a map gives before it ends or throws.
template <class Mapped>
std::pair<std::vector<int>, std::string> collect(Mapped&& mapped) {
  std::vector<int> results;
  try {
    for (const int one : mapped) results.push_back(one);
  } catch (const std::exception& error) {
    return {results, error.what()};
  }
  return {results, ""};
}

std::vector<int> first_numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Counts its living instances but those that were moved from.
template <class Tag>
struct census {
  static inline std::atomic<int> alive{0};
  explicit census(int number) : n(number) { ++alive; }
  census(census&& other) noexcept : n(other.n), counts(std::exchange(other.counts, false)) {}
  census(const census& other) noexcept : n(other.n) { ++alive; }
  ~census() {
    if (counts) --alive;
  }
  int n;
  bool counts = true;
};

void wait_for_stop() {
  const std::stop_token stop = wp::this_worker::stop_token();
  while (!stop.stop_requested()) std::this_thread::yield();
}

using map_of_lvalue = decltype(wp::map(std::declval<wp::thread_pool&>(), std::declval<std::vector<int>&>(), twice));
using map_of_rvalue = decltype(wp::map(std::declval<wp::thread_pool&>(), std::declval<std::vector<int>>(), twice));
using map_of_stream = decltype(wp::map(std::declval<wp::thread_pool&>(), std::declval<numbers>(), twice));
static_assert(std::ranges::input_range<map_of_lvalue> && std::ranges::view<map_of_lvalue>);
static_assert(std::ranges::input_range<map_of_rvalue> && std::ranges::view<map_of_rvalue>);
static_assert(std::ranges::input_range<map_of_stream> && std::ranges::view<map_of_stream>);
static_assert(!std::ranges::forward_range<map_of_lvalue> && !std::is_copy_constructible_v<map_of_lvalue>);
static_assert(std::same_as<std::ranges::range_value_t<map_of_lvalue>, int>);

template <class Range, class F>
concept can_be_mapped = requires(wp::thread_pool& pool, Range&& range, F f) {
  wp::map(pool, std::forward<Range>(range), f);
};
static_assert(can_be_mapped<std::vector<int>&, int (*)(int&)>);
static_assert(!can_be_mapped<const std::vector<int>&, int (*)(int&)>);
static_assert(!can_be_mapped<std::vector<int>&, int (*)(std::string)>);
static_assert(!can_be_mapped<int, int (*)(int)>);

}  // namespace

TEST_CASE("results come in the order of the input, whichever is ready first", "[map]") {
  wp::thread_pool pool{2};
  std::latch second_is_ready{1};
  const auto [results, error] = collect(wp::map(pool, first_numbers(2),
                                                [&](int n) {
                                                  if (n == 0) second_is_ready.wait();
                                                  if (n == 1) second_is_ready.count_down();
                                                  return n;
                                                },
                                                {.window = 2}));
  CHECK(results == std::vector{0, 1});
  CHECK(error.empty());
}

TEST_CASE("a long input comes out whole and in order for every window", "[map]") {
  wp::thread_pool pool{2};
  const std::vector<int> input = first_numbers(3000);
  for (const std::size_t window : {1U, 2U, 7U, 5000U}) {
    const auto [results, error] = collect(wp::map(pool, input, [](const int& n) { return n; }, {.window = window}));
    CHECK(results == input);
    CHECK(error.empty());
  }
}

TEST_CASE("nothing is read before begin, and never more than the window ahead of the reader", "[map]") {
  wp::thread_pool pool{2};
  for (const int window : {1, 2, 5}) {
    numbers endless;
    auto results = wp::map(pool, endless, twice, {.window = static_cast<std::size_t>(window)});
    CHECK(endless.reads == 0);
    auto at = results.begin();
    for (int n = 0; n < 100; ++n, ++at) {
      REQUIRE(*at == 2 * n);
      REQUIRE(endless.reads == n + 1 + window);
    }
  }
}

TEST_CASE("no more results than the window exist at a time, beside the one being read", "[map]") {
  struct tag;
  using result = census<tag>;
  wp::thread_pool pool{2};
  int seen = 0;
  int most = 0;
  for (result& one : wp::map(pool, first_numbers(500), [](int n) { return result(n); }, {.window = 4})) {
    REQUIRE(one.n == seen++);
    most = std::max(most, result::alive.load());
  }
  CHECK(seen == 500);
  CHECK(most <= 5);
  CHECK(result::alive == 0);
}

TEST_CASE("window 0 stands for twice as many as there are workers", "[map]") {
  wp::thread_pool pool{3};
  numbers endless;
  auto results = wp::map(pool, endless, twice);
  CHECK(*results.begin() == 0);
  CHECK(endless.reads == 1 + 6);
}

TEST_CASE("with window 1 a body runs while the result before it is read, and no second one", "[map]") {
  wp::thread_pool pool{2};
  std::atomic<int> running{0};
  std::atomic<int> most{0};
  int expected = 0;
  for (const int one : wp::map(pool, first_numbers(200),
                               [&](int n) {
                                 const int now = ++running;
                                 if (now > most) most = now;
                                 --running;
                                 return n;
                               },
                               {.window = 1})) {
    REQUIRE(one == expected++);
  }
  CHECK(expected == 200);
  CHECK(most == 1);
}

TEST_CASE("an empty input gives an empty result and submits nothing", "[map]") {
  wp::thread_pool pool{1};
  const std::vector<int> none;
  auto results = wp::map(pool, none, twice);
  CHECK(results.begin() == results.end());
  CHECK(collect(wp::map(pool, numbers{.limit = 0}, twice)).first.empty());
  CHECK(pool.stats().submitted == 0);
}

TEST_CASE("an endless input is walked as far as one likes", "[map]") {
  wp::thread_pool pool{2};
  long sum = 0;
  for (const int one : wp::map(pool, numbers(), twice, {.window = 3})) {
    sum += one;
    if (one == 100) break;
  }
  CHECK(sum == 50 * 51);
  pool.wait_idle();
  CHECK(pool.stats().queued == 0);
}

TEST_CASE("elements of an lvalue range are passed by reference and may be changed", "[map]") {
  wp::thread_pool pool{2};
  std::vector<int> input = first_numbers(100);
  std::size_t at = 0;
  for (const int* one : wp::map(pool, input, [](int& n) {
         n += 1000;
         return &n;
       })) {
    REQUIRE(one == &input[at++]);
  }
  CHECK(at == 100);
  CHECK(input.front() == 1000);
  CHECK(input.back() == 1099);
}

TEST_CASE("elements of a const lvalue range are passed by const reference, not copied", "[map]") {
  struct tag;
  using element = census<tag>;
  wp::thread_pool pool{2};
  const std::forward_list<element> input{element(0), element(1), element(2)};
  REQUIRE(element::alive == 3);
  std::vector<const element*> seen;
  for (const element* one : wp::map(pool, input, [](const element& n) { return &n; })) {
    seen.push_back(one);
    CHECK(element::alive == 3);
  }
  REQUIRE(seen.size() == 3);
  CHECK(seen[0] == &input.front());
}

TEST_CASE("an rvalue range is kept until the map is over", "[map]") {
  wp::thread_pool pool{2};
  auto results = wp::map(pool, std::vector<std::string>{"a", "b", "c"}, [](std::string& text) { return text + text; });
  std::string all;
  for (const std::string& one : results) all += one;
  CHECK(all == "aabbcc");
}

TEST_CASE("elements that are made on the way are moved into the function", "[map]") {
  wp::thread_pool pool{2};
  struct boxes : std::ranges::view_base {
    struct iterator {
      using value_type = std::unique_ptr<int>;
      using difference_type = std::ptrdiff_t;
      using iterator_concept = std::input_iterator_tag;
      std::unique_ptr<int> operator*() const { return std::make_unique<int>(n); }
      iterator& operator++() {
        ++n;
        return *this;
      }
      void operator++(int) { ++*this; }
      bool operator==(std::default_sentinel_t) const { return n == 20; }
      int n = 0;
    };
    iterator begin() const { return {}; }
    std::default_sentinel_t end() const { return {}; }
  };
  int expected = 0;
  for (const int one : wp::map(pool, boxes(), [](std::unique_ptr<int> box) { return *box; })) CHECK(one == expected++);
  CHECK(expected == 20);
}

TEST_CASE("elements of a stream are copied out of it before it goes on", "[map]") {
  wp::thread_pool pool{2};
  std::istringstream text("the quick brown fox jumps");
  std::string all;
  for (const std::string& one : wp::map(pool, words{&text}, [](std::string word) { return word + "."; })) {
    all += one;
  }
  CHECK(all == "the.quick.brown.fox.jumps.");
}

TEST_CASE("a stream is read no further than the window asks for", "[map]") {
  wp::thread_pool pool{1};
  std::istringstream text("0 1 2 3 4 5 6 7 8 9");
  auto results = wp::map(pool, words{&text}, [](const std::string& word) { return word; }, {.window = 2});
  CHECK(*results.begin() == "0");
  std::string unread;
  std::getline(text, unread);
  CHECK(unread == " 3 4 5 6 7 8 9");
}

TEST_CASE("a range of proxies gives its values", "[map]") {
  wp::thread_pool pool{2};
  const std::vector<bool> input{true, false, true};
  std::string all;
  for (const char one : wp::map(pool, input, [](bool set) { return set ? '1' : '0'; })) all += one;
  CHECK(all == "101");
}

TEST_CASE("results and function may be move-only, and a result may be moved from", "[map]") {
  wp::thread_pool pool{2};
  std::vector<std::unique_ptr<int>> kept;
  for (auto& one : wp::map(pool, first_numbers(20),
                           [factor = std::make_unique<int>(3)](int n) { return std::make_unique<int>(*factor * n); })) {
    kept.push_back(std::move(one));
  }
  REQUIRE(kept.size() == 20);
  CHECK(*kept[19] == 57);
}

TEST_CASE("a result stays until the next step", "[map]") {
  wp::thread_pool pool{2};
  auto results = wp::map(pool, first_numbers(2), twice);
  auto at = results.begin();
  int* const first = &*at;
  CHECK(*at == 0);
  *first = 7;
  CHECK(*at == 7);
  ++at;
  CHECK(*at == 2);
  ++at;
  CHECK(at == results.end());
}

TEST_CASE("a member works as the function", "[map]") {
  struct account {
    int balance;
    int doubled() const { return 2 * balance; }
  };
  wp::thread_pool pool{2};
  const std::vector<account> all{{1}, {2}, {3}};
  CHECK(collect(wp::map(pool, all, &account::balance)).first == std::vector{1, 2, 3});
  CHECK(collect(wp::map(pool, all, &account::doubled)).first == std::vector{2, 4, 6});
}

TEST_CASE("a map may be the input of another one", "[map]") {
  wp::thread_pool pool{2};
  const auto [results, error] = collect(wp::map(pool, wp::map(pool, first_numbers(100), twice), twice));
  REQUIRE(results.size() == 100);
  CHECK(results[99] == 396);
  CHECK(error.empty());
}

TEST_CASE("a map over a map moves what lies between them, which may be move-only", "[map]") {
  wp::thread_pool pool{2};
  const auto box = [](int n) { return std::make_unique<int>(n); };
  const auto add_one = [](std::unique_ptr<int> one) {
    ++*one;
    return one;
  };
  const auto [results, error] = collect(wp::map(pool, wp::map(pool, wp::map(pool, first_numbers(50), box), add_one),
                                                [](std::unique_ptr<int>&& one) { return *one; }));
  REQUIRE(results.size() == 50);
  CHECK(results[0] == 1);
  CHECK(results[49] == 50);
  CHECK(error.empty());
  auto inner = wp::map(pool, first_numbers(3), box);
  CHECK(collect(wp::map(pool, inner, [](std::unique_ptr<int> one) { return *one; })).first == first_numbers(3));
}

TEST_CASE("a map over a map copies nothing", "[map]") {
  wp::thread_pool pool{2};
  workpool_test::object_census made;
  int seen = 0;
  for (const auto& one : wp::map(pool, wp::map(pool, first_numbers(20), [&](int) { return made.make(); }),
                                 [](workpool_test::object_census::object in) { return in; })) {
    static_cast<void>(one);
    ++seen;
  }
  CHECK(seen == 20);
  CHECK(made.copies() == 0);
  CHECK(eventually([&] { return made.alive() == 0; }));
}

TEST_CASE("what the function throws comes at its element's place", "[map]") {
  wp::thread_pool pool{2};
  const auto fails_at_4 = [](int n) {
    if (n == 4) throw std::out_of_range("four");
    return n;
  };
  for (const std::size_t window : {1U, 3U, 100U}) {
    auto results = wp::map(pool, first_numbers(100), fails_at_4, {.window = window});
    auto at = results.begin();
    for (int n = 0; n < 4; ++n) {
      CHECK(*at == n);
      if (n < 3) ++at;
    }
    CHECK_THROWS_AS(++at, std::out_of_range);
    CHECK(at == results.end());
  }
}

TEST_CASE("what the function throws for the first element comes from begin", "[map]") {
  wp::thread_pool pool{2};
  auto results = wp::map(pool, first_numbers(3), [](int n) {
    if (n == 0) throw 42;
    return n;
  });
  CHECK_THROWS_AS(results.begin(), int);
}

TEST_CASE("after an error what waits is cancelled and no body runs any more", "[map]") {
  wp::thread_pool pool{2};
  std::latch second_runs{1};
  std::atomic<bool> second_returned{false};
  std::atomic<int> others{0};
  auto results = wp::map(pool, first_numbers(50),
                         [&](int n) {
                           if (n == 0) {
                             second_runs.wait();
                             throw std::runtime_error("first");
                           }
                           if (n == 1) {
                             second_runs.count_down();
                             wait_for_stop();
                             second_returned = true;
                           } else {
                             wait_for_stop();
                             ++others;
                           }
                           return n;
                         },
                         {.window = 50});
  CHECK_THROWS_WITH(results.begin(), "first");
  CHECK(second_returned);
  const int ran = others;
  const wp::pool_stats now = pool.stats();
  CHECK(now.queued == 0);
  CHECK(now.running == 0);
  CHECK(now.failed == 1);
  CHECK(now.completed == static_cast<std::uint64_t>(1 + ran));
  CHECK(now.cancelled == static_cast<std::uint64_t>(48 - ran));
  pool.wait_idle();
  CHECK(others == ran);
}

TEST_CASE("what reading the input throws comes after the results before it", "[map]") {
  wp::thread_pool pool{2};
  for (const std::size_t window : {1U, 2U, 10U}) {
    auto [results, error] = collect(wp::map(pool, numbers{.read_fails_at = 5}, twice, {.window = window}));
    CHECK(results == std::vector{0, 2, 4, 6, 8});
    CHECK(error == "unreadable");
    std::tie(results, error) = collect(wp::map(pool, numbers{.step_fails_after = 4}, twice, {.window = window}));
    CHECK(results == std::vector{0, 2, 4, 6, 8});
    CHECK(error == "no next one");
  }
  auto first_fails = wp::map(pool, numbers{.read_fails_at = 0}, twice);
  CHECK_THROWS_WITH(first_fails.begin(), "unreadable");
  auto one_only = wp::map(pool, numbers{.limit = 1, .step_fails_after = 0}, twice);
  auto only = one_only.begin();
  CHECK(*only == 0);
  CHECK_THROWS_WITH(++only, "no next one");
  CHECK(only == one_only.end());
}

TEST_CASE("an error of the function comes before one of reading a later element", "[map]") {
  wp::thread_pool pool{2};
  const auto [results, error] = collect(wp::map(pool, numbers{.read_fails_at = 3},
                                                [](int n) {
                                                  if (n == 2) throw std::runtime_error("two");
                                                  return n;
                                                },
                                                {.window = 10}));
  CHECK(results == std::vector{0, 1});
  CHECK(error == "two");
}

TEST_CASE("a pool that is shut down on the way gives what it has accepted, then says so", "[map]") {
  wp::thread_pool pool{2};
  auto results = wp::map(pool, numbers(), twice, {.window = 2});
  auto at = results.begin();
  pool.shutdown();
  CHECK(*++at == 2);
  CHECK(*++at == 4);
  CHECK_THROWS_AS(++at, wp::pool_stopped);
  CHECK(at == results.end());
}

TEST_CASE("elements whose tasks are discarded say so at their place", "[map]") {
  wp::thread_pool pool{1};
  gate held;
  auto results = wp::map(pool, numbers(),
                         [&](int n) {
                           if (n == 2) held.wait();
                           return n;
                         },
                         {.window = 2});
  auto at = results.begin();
  CHECK(*++at == 1);
  held.await_arrivals(1);  // 2 runs, 3 waits
  std::thread closer([&] { pool.shutdown({.pending = wp::pending::discard}); });
  CHECK(eventually([&] { return pool.stats().discarded == 1; }));
  held.open();
  CHECK(*++at == 2);
  CHECK_THROWS_AS(++at, wp::task_discarded);
  CHECK(at == results.end());
  closer.join();
}

TEST_CASE("a map that is given up cancels what waits and waits for what runs", "[map]") {
  wp::thread_pool pool{2};
  std::latch running{2};
  std::atomic<int> returned{0};
  std::atomic<int> strangers{0};
  {
    auto results = wp::map(pool, first_numbers(50),
                           [&](int n) {
                             if (n == 0) return n;
                             if (n > 2) {
                               ++strangers;
                               return n;
                             }
                             running.count_down();
                             wait_for_stop();
                             ++returned;
                             return n;
                           },
                           {.window = 40});
    CHECK(*results.begin() == 0);
    running.wait();
  }
  CHECK(returned == 2);
  const wp::pool_stats now = pool.stats();
  CHECK(now.queued == 0);
  CHECK(now.running == 0);
  CHECK(now.cancelled == static_cast<std::uint64_t>(now.accepted) - 3 - static_cast<std::uint64_t>(strangers.load()));
  CHECK(now.accepted == 41);
}

TEST_CASE("a map that was never begun leaves no trace", "[map]") {
  wp::thread_pool pool{1};
  { auto results = wp::map(pool, first_numbers(10), twice); }
  CHECK(pool.stats().submitted == 0);
}

TEST_CASE("a map can be moved before and after it has begun", "[map]") {
  wp::thread_pool pool{2};
  auto results = wp::map(pool, first_numbers(10), twice, {.window = 3});
  auto moved = std::move(results);
  auto at = moved.begin();
  const auto kept = std::move(moved);
  int sum = 0;
  for (; at != kept.end(); ++at) sum += *at;
  CHECK(sum == 90);
}

TEST_CASE("a map inside a task of the same pool of one worker does not wait for itself", "[map]") {
  for (const std::size_t capacity : {0U, 1U, 3U}) {
    wp::thread_pool pool{{.workers = 1, .queue = {.capacity = capacity}}};
    auto sum = pool.submit([&pool] {
      long all = 0;
      for (const int outer : wp::map(pool, numbers{.limit = 10}, [&pool](int n) {
             int inner = 0;
             for (const int one : wp::map(pool, numbers{.limit = n}, twice)) inner += one;
             return inner;
           })) {
        all += outer;
      }
      return all;
    });
    CHECK(sum.get() == 240);
  }
}

TEST_CASE("a map inside a task that fails leaves nothing behind in the pool of one worker", "[map]") {
  wp::thread_pool pool{1};
  auto fails = pool.submit([&pool] {
    int count = 0;
    for (const int one : wp::map(pool, numbers(),
                                 [](int n) {
                                   if (n == 7) throw std::runtime_error("seven");
                                   return n;
                                 },
                                 {.window = 5})) {
      count += one;
    }
    return count;
  });
  CHECK_THROWS_WITH(fails.get(), "seven");
  pool.wait_idle();
  CHECK(pool.stats().queued == 0);
  CHECK(pool.submit([] { return 1; }).get() == 1);
}

TEST_CASE("a submitter that has to wait for room in the queue still gets everything", "[map]") {
  wp::thread_pool pool{{.workers = 2, .queue = {.capacity = 1}}};
  const auto [results, error] = collect(wp::map(pool, first_numbers(500), twice, {.window = 64}));
  CHECK(results.size() == 500);
  CHECK(error.empty());
}

TEST_CASE("an element that the full queue refuses says so after the results before it", "[map]") {
  wp::thread_pool pool{{.workers = 1, .queue = {.capacity = 2, .on_full = wp::on_full::reject}}};
  gate held;
  pool.post([&] { held.wait(); });
  held.await_arrivals(1);
  std::thread opener([&] {
    static_cast<void>(eventually([&] { return pool.stats().rejected == 1; }));
    held.open();
  });
  const auto [results, error] = collect(wp::map(pool, first_numbers(10), twice, {.window = 5}));
  opener.join();
  CHECK(results == std::vector{0, 2});
  CHECK_THAT(error, Catch::Matchers::ContainsSubstring("queue.capacity 2 is reached"));
  CHECK(pool.stats().rejected == 1);
}

TEST_CASE("bodies that a forced shutdown has abandoned are still waited for", "[map]") {
  gate held;
  std::atomic<bool> ending{false};
  std::atomic<bool> returned{false};
  std::thread opener([&] {
    ending.wait(false);
    for (int n = 0; n < 100; ++n) std::this_thread::yield();
    held.open();
  });
  wp::thread_pool pool{2};
  {
    auto results = wp::map(pool, first_numbers(2),
                           [&](int n) {
                             if (n != 1) return n;
                             held.wait();
                             returned = true;
                             return n;
                           },
                           {.window = 2});
    CHECK(*results.begin() == 0);
    held.await_arrivals(1);
    CHECK(pool.shutdown({.drain = 0ns}).abandoned == 1);
    CHECK_FALSE(returned);
    ending = true;
    ending.notify_all();
  }
  CHECK(returned);
  opener.join();
}

TEST_CASE("an abandoned body's element says that it was cancelled, when the body has returned", "[map]") {
  gate held;
  std::atomic<bool> returned{false};
  wp::thread_pool pool{1};
  auto results = wp::map(pool, first_numbers(10),
                         [&](int n) {
                           if (n != 1) return n;
                           held.wait();
                           returned = true;
                           return n;
                         },
                         {.window = 1});
  auto at = results.begin();
  held.await_arrivals(1);
  CHECK(pool.shutdown({.drain = 0ns}).abandoned == 1);
  std::thread opener([&] {
    for (int n = 0; n < 100; ++n) std::this_thread::yield();
    held.open();
  });
  CHECK_THROWS_AS(++at, wp::task_cancelled);
  CHECK(returned);
  opener.join();
}
