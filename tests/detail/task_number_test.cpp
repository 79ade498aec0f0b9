#include <workpool/detail/task_number.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <latch>
#include <thread>
#include <vector>

using workpool::detail::next_task_number;
using workpool::detail::next_task_numbers;

TEST_CASE("no two tasks have the same number, and none has 0") {
  constexpr std::size_t threads = 6, each = 5000;
  std::array<std::vector<std::uint64_t>, threads> taken;
  {
    std::latch start(threads);
    std::vector<std::jthread> taking;
    for (auto& mine : taken) {
      taking.emplace_back([&] {
        start.arrive_and_wait();
        for (std::size_t i = 0; i < each; ++i) mine.push_back(next_task_number());
      });
    }
  }
  std::vector<std::uint64_t> all;
  for (const auto& mine : taken) {
    CHECK(std::is_sorted(mine.begin(), mine.end()));
    all.insert(all.end(), mine.begin(), mine.end());
  }
  std::sort(all.begin(), all.end());
  CHECK(all.size() == threads * each);
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
  CHECK(all.front() != 0);
}

TEST_CASE("numbers that are taken together follow each other, and nobody else has one of them") {
  std::vector<std::uint64_t> all;
  for (const std::uint64_t count : {1U, 300U, 0U, 800U, 512U, 5000U, 1U, 1023U}) {
    const std::uint64_t first = next_task_numbers(count);
    for (std::uint64_t n = 0; n < count; ++n) all.push_back(first + n);
    all.push_back(next_task_number());
  }
  std::sort(all.begin(), all.end());
  CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
}
