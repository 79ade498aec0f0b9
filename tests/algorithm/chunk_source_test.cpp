#include <workpool/algorithm/chunk_source.hpp>

#include <atomic>
#include <cstddef>
#include <forward_list>
#include <iterator>
#include <list>
#include <mutex>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.hpp"

using workpool::detail::chosen_chunk;
using workpool::detail::chunk;
using workpool::detail::chunk_source;
using workpool::detail::packs_bits;
using workpool::detail::walk;

namespace {

static_assert(packs_bits<std::vector<bool>> && packs_bits<std::vector<bool>&>);
static_assert(!packs_bits<const std::vector<bool>> && !packs_bits<std::vector<char>>);

template <class Range>
Range numbers(int count) {
  Range all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// The elements, chunk by chunk.
template <class Range>
std::vector<std::vector<int>> chunks_of(Range& range, std::size_t wanted, std::size_t workers) {
  chunk_source<Range> source(range, wanted, workers);
  const std::atomic<bool> over{false};
  std::vector<std::vector<int>> all;
  while (const std::optional<chunk<Range>> piece = source.next(0)) {
    CHECK(piece->number == all.size());
    std::vector<int>& one = all.emplace_back();
    CHECK(walk(*piece, over, [&](int n) { one.push_back(n); }));
    CHECK(one.size() == piece->size);
  }
  CHECK_FALSE(source.next(0));
  return all;
}

template <class Lists>
std::vector<int> joined(const Lists& lists) {
  std::vector<int> all;
  for (const auto& one : lists) all.insert(all.end(), one.begin(), one.end());
  return all;
}

}  // namespace

TEMPLATE_TEST_CASE("every element is handed out once, in order, whatever the chunk", "", std::vector<int>,
                   std::list<int>, std::forward_list<int>) {
  for (const int count : {0, 1, 2, 7, 100, 1000}) {
    TestType range = numbers<TestType>(count);
    for (const std::size_t wanted : {0U, 1U, 3U, 100U, 5000U}) {
      CHECK(joined(chunks_of(range, wanted, 2)) == numbers<std::vector<int>>(count));
      CHECK(joined(chunks_of(std::as_const(range), wanted, 2)) == numbers<std::vector<int>>(count));
    }
  }
}

TEMPLATE_TEST_CASE("chunks are as large as was asked for, but the last", "", std::vector<int>, std::list<int>,
                   std::forward_list<int>) {
  TestType range = numbers<TestType>(10);
  const auto chunks = chunks_of(range, 4, 2);
  REQUIRE(chunks.size() == 3);
  CHECK(chunks[0].size() == 4);
  CHECK(chunks[1].size() == 4);
  CHECK(chunks[2].size() == 2);
}

TEST_CASE("left to choose, a range of known size gives all who take part several chunks") {
  CHECK(chosen_chunk(0, 1600, 2) == 50);
  CHECK(chosen_chunk(0, 3, 4) == 1);
  CHECK(chosen_chunk(0, 0, 1) == 1);
  CHECK(chosen_chunk(5, 1600, 2) == 5);
  auto list = numbers<std::list<int>>(1600);
  CHECK(chunks_of(list, 0, 2).size() == 32);
}

TEST_CASE("left to choose, a range of unknown size is handed out in chunks that grow with it") {
  auto list = numbers<std::forward_list<int>>(10000);
  const auto chunks = chunks_of(list, 0, 2);
  CHECK(chunks.front().size() == 1);
  CHECK(chunks[31].size() == 1);
  CHECK(chunks.size() < 400);
  for (const auto& one : chunks) CHECK(one.size() <= 10000 / 32);
}

TEST_CASE("a source knows whether it is empty and how many helpers have something to do") {
  auto none = numbers<std::vector<int>>(0);
  auto some = numbers<std::vector<int>>(5);
  auto list = numbers<std::forward_list<int>>(0);
  CHECK(chunk_source<std::vector<int>>(none, 0, 4).empty());
  CHECK(chunk_source<std::forward_list<int>>(list, 0, 4).empty());
  chunk_source<std::vector<int>> five(some, 0, 4);
  CHECK_FALSE(five.empty());
  CHECK(five.most_helpers(4) == 4);
  CHECK(five.most_helpers(9) == 4);
  CHECK(chunk_source<std::vector<int>>(some, 5, 4).most_helpers(4) == 0);
}

TEST_CASE("each party begins with its own share, and goes on with what others have left of theirs") {
  auto range = numbers<std::vector<int>>(100);
  chunk_source<std::vector<int>> source(range, 10, 3);
  std::vector<std::size_t> taken;
  const auto next = [&](std::size_t party) { return source.next(party).value().number; };
  CHECK(next(0) == 0);
  CHECK(next(1) == 3);
  CHECK(next(2) == 6);
  CHECK(next(4) == 4);  // any number is somebody's
  for (int n = 0; n < 6; ++n) taken.push_back(next(1));
  CHECK(taken == std::vector<std::size_t>{5, 7, 8, 9, 1, 2});
  CHECK_FALSE(source.next(0));
}

TEST_CASE("a walk ends before the element at which it is over") {
  auto range = numbers<std::vector<int>>(10);
  chunk_source<std::vector<int>> source(range, 10, 1);
  std::atomic<bool> over{false};
  int visited = 0;
  CHECK_FALSE(walk(*source.next(0), over, [&](int n) {
    ++visited;
    over = n == 3;
  }));
  CHECK(visited == 4);
}

TEST_CASE("a source whose step threw hands nothing out any more") {
  struct breaks {
    struct iterator {
      using value_type = int;
      using difference_type = std::ptrdiff_t;
      int operator*() const { return n; }
      iterator& operator++() {
        if (n == 5) throw std::runtime_error("no next one");
        ++n;
        return *this;
      }
      iterator operator++(int) {
        const iterator before = *this;
        ++*this;
        return before;
      }
      bool operator==(const iterator&) const = default;
      int n = 0;
    };
    iterator begin() const { return {0}; }
    iterator end() const { return {10}; }
  };
  breaks range;
  chunk_source<breaks> source(range, 4, 1);
  CHECK(source.next(0)->size == 4);
  CHECK_THROWS_WITH(source.next(0), "no next one");
  CHECK_FALSE(source.next(0));
}

TEMPLATE_TEST_CASE("several threads get every element once between them", "", std::vector<int>, std::list<int>) {
  TestType range = numbers<TestType>(20000);
  chunk_source<TestType> source(range, 3, 2);
  std::mutex mutex;
  std::vector<int> times(20000);
  std::vector<std::thread> all;
  const std::atomic<bool> over{false};
  for (std::size_t n = 0; n < 3; ++n) {
    all.emplace_back([&, n] {
      std::vector<int> mine;
      while (const auto piece = source.next(n)) walk(*piece, over, [&](int one) { mine.push_back(one); });
      const std::lock_guard hold(mutex);
      for (const int one : mine) ++times[static_cast<std::size_t>(one)];
    });
  }
  for (std::thread& one : all) one.join();
  CHECK(times == std::vector<int>(20000, 1));
}
