#include <workpool/queue/lane_set.hpp>

#include "support/catch.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <set>
#include <thread>
#include <vector>

using workpool::priority;
using workpool::detail::lane_set;

namespace {

struct counting_admission {
  int accepted = 0;
  int retracted = 0;
  void accept(std::size_t slot) noexcept {
    ++accepted;
    slots.insert(slot);
  }
  void retract(std::size_t) noexcept { ++retracted; }
  std::set<std::size_t> slots;
};

std::vector<int*> pop_all(lane_set& lanes, priority lane) {
  std::vector<int*> all;
  while (void* const one = lanes.pop(lane)) all.push_back(static_cast<int*>(one));
  return all;
}

}  // namespace

TEST_CASE("a lane gives back its own pointers, in order, and then nullptr") {
  lane_set lanes(lane_set::default_slots());
  counting_admission admission;
  std::array<int, 300> values{};
  for (int& value : values) {
    const auto lane = &value - values.data() < 100 ? priority::high : priority::low;
    REQUIRE(lanes.push(&value, lane, admission));
  }
  CHECK(admission.accepted == 300);
  CHECK(admission.slots.size() == 1);  // those of one thread come one after another
  CHECK(*admission.slots.begin() < workpool::admission_slots);
  CHECK(admission.retracted == 0);
  CHECK(lanes.length(priority::high) == 100);
  CHECK(lanes.length(priority::low) == 200);
  CHECK(lanes.pop(priority::critical) == nullptr);
  CHECK(lanes.pop(priority::normal) == nullptr);
  for (std::size_t i = 0; i < 100; ++i) REQUIRE(lanes.pop(priority::high) == &values[i]);
  CHECK(lanes.pop(priority::high) == nullptr);
  for (std::size_t i = 100; i < 300; ++i) REQUIRE(lanes.pop(priority::low) == &values[i]);
  CHECK(lanes.pop(priority::low) == nullptr);
}

TEST_CASE("a closed set admits nothing and gives back what it holds") {
  lane_set lanes(3);
  counting_admission admission;
  int value = 0;
  REQUIRE(lanes.push(&value, priority::normal, admission));
  lanes.close();
  CHECK_FALSE(lanes.push(&value, priority::normal, admission));
  CHECK(admission.accepted == 1);
  CHECK(pop_all(lanes, priority::normal) == std::vector<int*>{&value});
}

TEST_CASE("a sweep takes out what is dead in one lane and keeps the order of the rest") {
  const std::size_t slots = GENERATE(1U, 4U);
  const std::size_t count = GENERATE(0U, 1U, 31U, 32U, 33U, 1000U);
  lane_set lanes(slots);
  counting_admission admission;
  std::vector<int> values(count);
  for (int round = 0; round < 5; ++round) {
    std::vector<int*> expected_removed, expected_kept;
    for (std::size_t i = 0; i < count; ++i) {
      values[i] = i % 3 == 0 ? 0 : 1;
      REQUIRE(lanes.push(&values[i], priority::normal, admission));
      REQUIRE(lanes.push(&values[i], priority::low, admission));
      (values[i] == 0 ? expected_removed : expected_kept).push_back(&values[i]);
    }
    const auto removed = lanes.sweep(priority::normal, [](void* one) { return *static_cast<int*>(one) == 0; });
    CHECK(removed == std::vector<void*>(expected_removed.begin(), expected_removed.end()));
    CHECK(lanes.length(priority::normal) == expected_kept.size());
    CHECK(pop_all(lanes, priority::normal) == expected_kept);
    CHECK(pop_all(lanes, priority::low).size() == count);
  }
}

TEST_CASE("a sweep of a lane that many threads have filled loses nothing") {
  lane_set lanes(2);
  constexpr std::size_t threads = 4, each = 500;
  std::vector<std::array<std::size_t, 2>> values(threads * each);
  std::atomic<bool> pushing{true};
  std::size_t removed = 0;
  {
    std::vector<std::jthread> producers;
    std::atomic<std::size_t> left{threads};
    for (std::size_t t = 0; t < threads; ++t) {
      producers.emplace_back([&, t] {
        counting_admission admission;
        for (std::size_t i = 0; i < each; ++i) {
          values[t * each + i] = {t, i};
          lanes.push(&values[t * each + i], priority::high, admission);
        }
        if (--left == 0) pushing = false;
      });
    }
    while (pushing) {
      removed += lanes
                     .sweep(priority::high,
                            [](void* one) { return (*static_cast<std::array<std::size_t, 2>*>(one))[1] % 2 == 0; })
                     .size();
    }
  }
  std::array<std::size_t, threads> last{};
  std::size_t kept = 0;
  bool in_order = true;
  while (void* const one = lanes.pop(priority::high)) {
    const auto [thread, number] = *static_cast<std::array<std::size_t, 2>*>(one);
    in_order = in_order && number >= last[thread];
    last[thread] = number;
    ++kept;
  }
  CHECK(in_order);
  CHECK(kept + removed == threads * each);
}

TEST_CASE("with one slot pushes of several threads come out in the order in which they were made") {
  lane_set lanes(1);
  counting_admission admission;
  std::array<int, 100> values{};
  for (std::size_t i = 0; i < values.size(); i += 2) {
    std::jthread([&] { lanes.push(&values[i], priority::normal, admission); }).join();
    lanes.push(&values[i + 1], priority::normal, admission);
  }
  for (int& value : values) REQUIRE(lanes.pop(priority::normal) == &value);
}

TEST_CASE("there is at least one producer slot and there are at most 32") {
  CHECK(lane_set::default_slots() >= 1);
  CHECK(lane_set::default_slots() <= 32);
}
