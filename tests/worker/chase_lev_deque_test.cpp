#include <workpool/worker/chase_lev_deque.hpp>

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

namespace {

struct item {
  std::size_t number = 0;
};
using small_deque = workpool::detail::chase_lev_deque<item, 8>;

constexpr auto always = [] { return true; };

std::size_t number(const item* one) { return one == nullptr ? 9999 : one->number; }

std::vector<item> numbered(std::size_t count) {
  std::vector<item> all(count);
  for (std::size_t n = 0; n < count; ++n) all[n].number = n;
  return all;
}

}  // namespace

TEST_CASE("the owner of a ring takes the newest, thieves the oldest") {
  std::vector<item> items = numbered(5);
  small_deque deque;
  CHECK(deque.pop() == nullptr);
  CHECK(deque.steal() == nullptr);
  for (item& one : items) REQUIRE(deque.push(&one));
  CHECK(deque.size() == 5);
  CHECK(number(deque.pop()) == 4);
  CHECK(number(deque.steal()) == 0);
  CHECK(number(deque.steal()) == 1);
  CHECK(number(deque.pop()) == 3);
  CHECK(number(deque.pop()) == 2);
  CHECK(deque.size() == 0);
  CHECK(deque.pop() == nullptr);
  CHECK(deque.steal() == nullptr);
}

TEST_CASE("a full ring refuses, and has room again for as many as were taken") {
  std::vector<item> items = numbered(100);
  small_deque deque;
  std::size_t next = 0;
  while (next < small_deque::capacity) REQUIRE(deque.push(&items[next++]));
  CHECK_FALSE(deque.push(&items[next]));
  for (std::size_t oldest = 0; next < items.size(); ++oldest) {
    REQUIRE(number(deque.steal()) == oldest);
    REQUIRE(deque.push(&items[next++]));
    REQUIRE_FALSE(deque.push(&items[0]));
  }
}

TEST_CASE("a thief can ask for what was pushed after a moment, and gets nothing older") {
  std::vector<item> items = numbered(4);
  small_deque deque;
  deque.push(&items[0]);
  deque.push(&items[1]);
  const std::int64_t mark = deque.bottom();
  CHECK(deque.steal_since(mark, always) == nullptr);
  deque.push(&items[2]);
  deque.push(&items[3]);
  CHECK(deque.steal_since(mark, always) == nullptr);  // two older ones lie above
  CHECK(number(deque.steal()) == 0);
  CHECK(number(deque.steal()) == 1);
  CHECK(number(deque.steal_since(mark, always)) == 2);
  CHECK(number(deque.pop()) == 3);
  CHECK(deque.steal_since(mark, always) == nullptr);
}

TEST_CASE("a condition that has ceased keeps a thief from taking what came later") {
  std::vector<item> items = numbered(1);
  small_deque deque;
  deque.push(&items[0]);
  CHECK(deque.steal_since(0, [] { return false; }) == nullptr);
  CHECK(number(deque.steal_since(0, always)) == 0);
}

TEST_CASE("a thief loses to an owner who takes the last one while it makes up its mind") {
  std::vector<item> items = numbered(2);
  small_deque deque;
  deque.push(&items[0]);
  const auto popped_meanwhile = [&] {
    CHECK(number(deque.pop()) == 0);
    deque.push(&items[1]);
    return true;
  };
  CHECK(deque.steal_since(0, popped_meanwhile) == nullptr);
  CHECK(number(deque.pop()) == 1);
}

TEST_CASE("what the owner of a ring pushes and pops while others steal, everybody gets once") {
  constexpr std::size_t count = 300'000;
  std::vector<item> items = numbered(count);
  small_deque deque;
  std::vector<std::atomic<unsigned char>> taken(count);
  std::atomic<bool> over{false};
  std::vector<std::thread> thieves;
  for (int n = 0; n < 2; ++n) {
    thieves.emplace_back([&] {
      while (!over) {
        if (const item* const one = deque.steal()) {
          ++taken[one->number];
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::size_t next = 0; next < count;) {
    const std::size_t burst = next % 1000 == 0 ? small_deque::capacity : 1 + next % 2;
    for (std::size_t n = 0; n < burst && next < count && deque.push(&items[next]); ++n) ++next;
    for (std::size_t n = 0; n < burst; ++n) {
      if (const item* const one = deque.pop()) ++taken[one->number];
    }
  }
  while (const item* const one = deque.pop()) ++taken[one->number];
  over = true;
  for (std::thread& one : thieves) one.join();
  std::size_t wrong = 0;
  for (const auto& times : taken) wrong += times != 1;
  CHECK(wrong == 0);
}
