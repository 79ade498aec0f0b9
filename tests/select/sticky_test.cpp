#include <workpool/select/sticky.hpp>

#include "support/catch.hpp"
#include "support/workers_shown.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

using namespace workpool_test;

namespace {

constexpr std::uint64_t keys = 100'000;

/// The worker of each key from 1 on.
std::vector<workpool::worker_id> homes(const std::vector<workpool::worker_view>& shown) {
  workpool::select::sticky strategy;
  std::vector<workpool::worker_id> found;
  for (std::uint64_t key = 1; key <= keys; ++key) {
    found.push_back(shown[*strategy.select(shown, {key, workpool::priority::normal, key})].id);
  }
  return found;
}

}  // namespace

TEST_CASE("sticky prefers nobody for a task without a key") {
  workpool::select::sticky strategy;
  CHECK(strategy.select(idle_workers(3), {1, workpool::priority::normal, 0}) == std::nullopt);
}

TEST_CASE("a key stays with its worker, wherever that is shown and however busy it is") {
  auto shown = idle_workers(7);
  const auto before = homes(shown);
  std::reverse(shown.begin(), shown.end());
  shown[3].in_flight = 1000;
  CHECK(homes(shown) == before);
}

TEST_CASE("the keys are spread evenly") {
  std::vector<std::size_t> counts(8);
  for (const workpool::worker_id home : homes(idle_workers(8))) ++counts[home];
  for (const std::size_t count : counts) {
    CHECK(count > keys / 8 * 95 / 100);
    CHECK(count < keys / 8 * 105 / 100);
  }
}

TEST_CASE("when a worker comes at most 1/n of the keys and one per cent move, all of them to it") {
  for (std::size_t workers = 1; workers <= 16; ++workers) {
    const auto before = homes(idle_workers(workers));
    const auto after = homes(idle_workers(workers + 1));
    std::size_t moved = 0;
    bool elsewhere = false;
    for (std::size_t n = 0; n < keys; ++n) {
      if (before[n] == after[n]) continue;
      ++moved;
      elsewhere |= after[n] != workers;
    }
    CHECK_FALSE(elsewhere);
    CHECK(static_cast<double>(moved) / keys <= 1.0 / static_cast<double>(workers + 1) + 0.01);
  }
}

TEST_CASE("when a worker goes only its own keys move, to all the others") {
  auto shown = idle_workers(5);
  const auto before = homes(shown);
  shown[2].state = workpool::worker_state::dead;
  const auto after = homes(shown);
  std::vector<std::size_t> taken(5);
  bool others_moved = false;
  for (std::size_t n = 0; n < keys; ++n) {
    if (before[n] == 2) ++taken[after[n]];
    others_moved |= before[n] != 2 && before[n] != after[n];
  }
  CHECK_FALSE(others_moved);
  CHECK(taken[2] == 0);
  for (const std::size_t other : {0U, 1U, 3U, 4U}) CHECK(taken[other] > keys / 5 / 4 * 9 / 10);
}
