#include <workpool/detail/free_ranges.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <optional>
#include <random>
#include <utility>
#include <vector>

using workpool::detail::free_ranges;

TEST_CASE("ranges are taken from the smallest that is large enough, and refused where there is none") {
  free_ranges all(100);
  CHECK(all.take(10) == 0U);
  CHECK(all.take(30) == 10U);
  CHECK(all.take(20) == 40U);
  CHECK(all.take(40) == 60U);
  CHECK_FALSE(all.take(1));
  CHECK(all.taken() == 100);
  all.give_back(10, 30);
  all.give_back(60, 40);
  CHECK_FALSE(all.take(41));
  CHECK(all.take(25) == 10U);
  CHECK_FALSE(all.take(0));
  CHECK_FALSE(free_ranges(0).take(1));
}

TEST_CASE("ranges that touch become one again, in whichever order they are given back") {
  for (const auto& order : {std::vector<std::size_t>{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {0, 2, 1}}) {
    free_ranges all(30);
    for (int n = 0; n < 3; ++n) REQUIRE(all.take(10));
    for (const std::size_t one : order) all.give_back(one * 10, 10);
    CHECK(all.pieces() == 1);
    CHECK(all.taken() == 0);
    CHECK(all.take(30) == 0U);
  }
}

TEST_CASE("whatever is taken and given back, nothing is had twice and nothing is lost") {
  std::mt19937 random(7);
  constexpr std::size_t size = 1000;
  free_ranges all(size);
  std::vector<bool> had(size);
  std::vector<std::pair<std::size_t, std::size_t>> taken;
  for (int turn = 0; turn < 20'000; ++turn) {
    if (random() % 2 == 0) {
      const std::size_t count = 1 + random() % 60;
      const std::optional<std::size_t> at = all.take(count);
      if (!at) continue;
      for (std::size_t n = *at; n < *at + count; ++n) {
        REQUIRE_FALSE(had.at(n));
        had[n] = true;
      }
      taken.emplace_back(*at, count);
    } else if (!taken.empty()) {
      const std::size_t which = random() % taken.size();
      const auto [at, count] = taken[which];
      for (std::size_t n = at; n < at + count; ++n) had[n] = false;
      all.give_back(at, count);
      taken[which] = taken.back();
      taken.pop_back();
    }
    REQUIRE(all.pieces() <= taken.size() + 1);
  }
  for (const auto& [at, count] : taken) all.give_back(at, count);
  CHECK(all.take(size) == 0U);
}
