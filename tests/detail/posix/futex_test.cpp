#include <workpool/detail/posix/futex.hpp>

#include "support/catch.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using std::chrono::steady_clock;
using namespace workpool::detail;

TEST_CASE("a word that has changed already is not slept on") {
  const futex_word word{1};
  futex_wait(word, 0);
  CHECK(futex_wait_until(word, 0, steady_clock::time_point::max()));
  CHECK(futex_wait_until(word, 0, steady_clock::now() + 1h));
}

TEST_CASE("a futex wait ends at its deadline and not before") {
  const futex_word word{0};
  const auto deadline = steady_clock::now() + 5ms;
  while (futex_wait_until(word, 0, deadline)) {
  }
  CHECK(steady_clock::now() >= deadline);
}

TEST_CASE("a deadline that has passed does not sleep, however long ago it was") {
  const futex_word word{0};
  CHECK_FALSE(futex_wait_until(word, 0, steady_clock::now() - 1ns));
  CHECK_FALSE(futex_wait_until(word, 0, steady_clock::time_point{}));
  CHECK_FALSE(futex_wait_until(word, 0, steady_clock::time_point{-1ns}));
  CHECK_FALSE(futex_wait_until(word, 0, steady_clock::time_point::min()));
}

TEST_CASE("a wake ends the wait of one sleeper, wake_all that of every sleeper") {
  constexpr int sleepers = 4;
  futex_word word{0};
  std::atomic<int> awake{0};
  std::vector<std::jthread> sleeping;
  for (int i = 0; i < sleepers; ++i) {
    sleeping.emplace_back([&, i] {
      while (word.load() == 0) {
        if (i % 2 == 0) {
          futex_wait(word, 0);
        } else {
          futex_wait_until(word, 0, steady_clock::time_point::max() - 1ns);
        }
      }
      ++awake;
      ++word;
      futex_wake(word, 1);
    });
  }
  word.store(1);
  futex_wake_all(word);
  sleeping.clear();
  CHECK(awake == sleepers);
}
