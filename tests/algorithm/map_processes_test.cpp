#include <workpool/algorithm/map.hpp>

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <numeric>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/ipc/shared_buffer.hpp>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/pool/task_options.hpp>
#include <workpool/worker/this_worker.hpp>

#include "support/catch.hpp"

namespace wp = workpool;

namespace {

int twice(int value) { return 2 * value; }

/// What a worker gets, and gives back.
struct piece {
  wp::shared_buffer memory;
  int number = 0;
};

/// Dies in the first worker that comes to element 5.
int dies_once(int value) {
  if (value == 5 && wp::this_worker::attempt() == 1) ::raise(SIGKILL);
  return value;
}

}  // namespace

TEST_CASE("a map over processes gives its results in the order of the input", "[fork_pool]") {
  wp::fork_pool pool(2);
  int next = 0;
  for (const int got : wp::map(pool, std::views::iota(0, 500), twice)) CHECK(got == 2 * next++);
  CHECK(next == 500);
  std::vector<std::string> words{"a", "bb", "ccc"};
  std::size_t length = 1;
  for (const std::size_t got : wp::map(pool, words, [](const std::string& word) { return word.size(); })) {
    CHECK(got == length++);
  }
  CHECK(words[2] == "ccc");
}

TEST_CASE("elements of a map over processes are made when they are wanted", "[fork_pool]") {
  wp::fork_pool pool(2);
  int made = 0;
  const auto counting = std::views::iota(0) | std::views::transform([&made](int n) {
                          ++made;
                          return n;
                        });
  auto results = wp::map(pool, counting, twice, {.window = 3});
  auto at = results.begin();
  CHECK(made == 3 + 1);
  for (int n = 0; n < 10; ++n, ++at) CHECK(*at == 2 * n);
  CHECK(made == 3 + 1 + 10);
}

TEST_CASE("what a map's function throws in a worker comes at the element's place", "[fork_pool]") {
  wp::fork_pool pool(2);
  int seen = 0;
  const auto walk = [&] {
    for (const int got : wp::map(pool, std::views::iota(0, 20), [](int n) {
           if (n == 7) throw std::runtime_error("no seven");
           return n;
         })) {
      CHECK(got == seen++);
    }
  };
  CHECK_THROWS_AS(walk(), wp::remote_error);
  CHECK(seen == 7);
}

TEST_CASE("an element whose worker dies is mapped once more where the map says so", "[fork_pool]") {
  wp::fork_pool pool(2);
  int next = 0;
  const wp::task_options again{.retry = {.max_attempts = 2, .on_worker_lost = true}};
  for (const int got : wp::map(pool, std::views::iota(0, 20), dies_once, {.each = again})) CHECK(got == next++);
  CHECK(next == 20);
  CHECK_THROWS_AS(
      [&] {
        for (const int got : wp::map(pool, std::views::iota(0, 20), dies_once)) static_cast<void>(got);
      }(),
      wp::worker_lost);
}

TEST_CASE("pieces with shared buffers go through a map without being copied", "[fork_pool][buffers]") {
  wp::fork_pool pool(2);
  std::vector<piece> pieces;
  for (int n = 0; n < 8; ++n) pieces.push_back({pool.make_buffer(100'000), n});
  const auto fill = [](const piece& one) {
    for (int& each : one.memory.as<int>()) each = one.number;
    return one;
  };
  int next = 0;
  for (const piece& got : wp::map(pool, pieces, fill)) {
    CHECK(got.memory == pieces[static_cast<std::size_t>(next)].memory);
    CHECK(got.memory.as<int>()[24'999] == next++);
  }
  CHECK(next == 8);
}
