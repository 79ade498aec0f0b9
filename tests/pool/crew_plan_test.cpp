#include <workpool/pool/crew_plan.hpp>

#include <algorithm>
#include <cstddef>
#include <random>
#include <vector>

#include "support/catch.hpp"

using workpool::detail::crew_plan;

namespace {

std::vector<std::size_t> wanted(const crew_plan& plan) {
  std::vector<std::size_t> ids;
  for (std::size_t id = 0; id < plan.slots(); ++id) {
    if (plan.wanted(id)) ids.push_back(id);
  }
  return ids;
}

using ids = std::vector<std::size_t>;

}  // namespace

TEST_CASE("a fixed crew wants all its workers from the beginning, and never more without a stall") {
  crew_plan plan(3, 3, 2);
  CHECK(wanted(plan) == ids{0, 1, 2});
  CHECK_FALSE(plan.could_grow());
  CHECK_FALSE(plan.could_shrink());
  plan.demand();
  plan.idle(2);
  CHECK(wanted(plan) == ids{0, 1, 2});
}

TEST_CASE("a crew of a range grows on demand to its maximum and shrinks by idling to its minimum") {
  crew_plan plan(1, 3, 0);
  CHECK(wanted(plan) == ids{0});
  plan.demand();
  plan.demand();
  plan.demand();
  CHECK(wanted(plan) == ids{0, 1, 2});
  plan.idle(0);
  CHECK(wanted(plan) == ids{1, 2});
  plan.idle(2);
  plan.idle(1);
  CHECK(wanted(plan) == ids{1});
  plan.demand();
  CHECK(wanted(plan) == ids{0, 1});
}

TEST_CASE("a spare stands in for each stalled worker, on demand, as many as there may be") {
  crew_plan plan(2, 2, 2);
  plan.stall(0);
  CHECK(plan.could_grow());
  CHECK(wanted(plan) == ids{0, 1});
  plan.demand();
  plan.demand();
  CHECK(wanted(plan) == ids{0, 1, 2});
  plan.stall(1);
  plan.stall(2);
  plan.demand();
  plan.demand();
  plan.demand();
  CHECK(wanted(plan) == ids{0, 1, 2, 3});
  CHECK(plan.anyone_free());
  plan.stall(3);
  CHECK_FALSE(plan.anyone_free());
}

TEST_CASE("spares go when what they stand in for is back, first those that are free themselves") {
  crew_plan plan(2, 2, 2);
  plan.stall(0);
  plan.demand();
  plan.stall(1);
  plan.demand();
  REQUIRE(wanted(plan) == ids{0, 1, 2, 3});
  plan.stall(2);
  plan.recover(0);
  CHECK(wanted(plan) == ids{0, 1, 2, 3});  // 1 and 2 are still held up
  plan.recover(1);
  CHECK(wanted(plan) == ids{0, 1, 2});  // 2 is held up itself, so nobody stands in for it
  plan.recover(2);
  CHECK(wanted(plan) == ids{0, 1});
}

TEST_CASE("a recovery that overtakes its stall leaves nothing behind") {
  crew_plan plan(1, 1, 1);
  plan.recover(0);
  plan.stall(0);
  CHECK_FALSE(plan.could_grow());
  plan.demand();
  CHECK(wanted(plan) == ids{0});
}

TEST_CASE("resize brings a crew to its new size at once") {
  crew_plan plan(2, 2, 1);
  plan.resize(4, 4);
  CHECK(wanted(plan) == ids{0, 1, 2, 3});
  plan.resize(1, 1);
  CHECK(wanted(plan) == ids{0});
  plan.resize(1, 3);
  CHECK(wanted(plan) == ids{0});
  plan.resize(2, 3);
  CHECK(wanted(plan) == ids{0, 1});
}

TEST_CASE("a stalled worker beyond a smaller crew's end counts as a spare until it is back") {
  crew_plan plan(3, 3, 1);
  plan.stall(2);
  plan.resize(1, 1);
  CHECK(wanted(plan) == ids{0, 2});
  plan.recover(2);
  CHECK(wanted(plan) == ids{0});
}

TEST_CASE("whatever happens, a crew stays within its bounds") {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t below) { return random() % below; };
  for (int round = 0; round < 200; ++round) {
    std::size_t min = 1 + pick(3), max = min + pick(4);
    const std::size_t spares = pick(4);
    crew_plan plan(min, max, spares);
    std::vector<int> stalled(16, 0);
    for (int step = 0; step < 200; ++step) {
      const std::size_t id = pick(plan.slots());
      switch (pick(5)) {
        case 0:
          plan.demand();
          break;
        case 1:
          plan.idle(id);
          break;
        case 2:
          if (plan.wanted(id) && stalled[id] == 0) plan.stall(id), stalled[id] = 1;
          break;
        case 3:
          if (stalled[id] == 1) plan.recover(id), stalled[id] = 0;
          break;
        case 4:
          min = 1 + pick(3);
          max = min + pick(4);
          plan.resize(min, max);
          break;
      }
      const ids now = wanted(plan);
      const auto regular =
          static_cast<std::size_t>(std::count_if(now.begin(), now.end(), [&](std::size_t one) { return one < max; }));
      const auto held_up = static_cast<std::size_t>(std::count(stalled.begin(), stalled.end(), 1));
      const auto free_spares = static_cast<std::size_t>(
          std::count_if(now.begin(), now.end(), [&](std::size_t one) { return one >= max && stalled[one] == 0; }));
      REQUIRE(regular >= min);
      REQUIRE(regular <= max);
      REQUIRE(free_spares <= std::min(held_up, spares));
    }
  }
}
