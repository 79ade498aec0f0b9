#include <workpool/detail/thread_number.hpp>

#include "support/catch.hpp"

#include <array>
#include <cstddef>
#include <latch>
#include <set>
#include <thread>
#include <vector>

using workpool::detail::thread_number;

TEST_CASE("a thread keeps its number") {
  const std::size_t mine = thread_number();
  std::thread([] { static_cast<void>(thread_number()); }).join();
  CHECK(thread_number() == mine);
}

TEST_CASE("numbers are handed out one after the other, in order of first use") {
  std::array<std::size_t, 5> numbers{};
  for (std::size_t& number : numbers) std::thread([&] { number = thread_number(); }).join();
  for (std::size_t i = 1; i < numbers.size(); ++i) CHECK(numbers[i] == numbers[0] + i);
}

TEST_CASE("threads that ask at the same time get different numbers") {
  constexpr std::size_t threads = 16;
  std::array<std::size_t, threads> numbers{};
  {
    std::latch start(threads);
    std::vector<std::jthread> asking;
    for (std::size_t& number : numbers) {
      asking.emplace_back([&] {
        start.arrive_and_wait();
        number = thread_number();
      });
    }
  }
  CHECK(std::set<std::size_t>(numbers.begin(), numbers.end()).size() == threads);
}
