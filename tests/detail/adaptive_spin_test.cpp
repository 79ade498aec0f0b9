#include <workpool/detail/adaptive_spin.hpp>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::detail::adaptive_spin;
using clock_type = std::chrono::steady_clock;

namespace {

// How long it looks for what never happens.
clock_type::duration in_vain(adaptive_spin& spin) {
  const auto begin = clock_type::now();
  CHECK_FALSE(spin.until([] { return false; }));
  return clock_type::now() - begin;
}

}  // namespace

TEST_CASE("what has happened already is seen at once, on one core too") {
  adaptive_spin spin;
  int looks = 0;
  CHECK(spin.until([&] { return ++looks == 1; }));
  CHECK(looks == 1);
}

TEST_CASE("what happens while it looks is seen") {
  if (std::thread::hardware_concurrency() == 1) return;
  adaptive_spin spin;
  int looks = 0;
  CHECK(spin.until([&] { return ++looks == 4; }));
  CHECK(looks == 4);
}

TEST_CASE(
    "it looks less long after each time in vain, never less than the shortest time, and longer again after a find") {
  if (std::thread::hardware_concurrency() == 1) return;
  adaptive_spin spin;
  CHECK(in_vain(spin) >= adaptive_spin::longest);
  CHECK(in_vain(spin) >= adaptive_spin::longest / 2);
  clock_type::duration last{};
  for (int i = 0; i < 20; ++i) last = in_vain(spin);
  CHECK(last >= adaptive_spin::shortest);
  std::atomic<int> looks{0};
  for (int i = 0; i < 20; ++i) {
    looks = 0;
    REQUIRE(spin.until([&] { return ++looks == 2; }));
  }
  CHECK(in_vain(spin) >= adaptive_spin::longest);
}

TEST_CASE("who looks in vain says so once") {
  adaptive_spin spin;
  for (int i = 0; i < 10; ++i) {
    int said = 0;
    CHECK_FALSE(spin.until([] { return false; }, [&] { ++said; }));
    CHECK(said == 1);
  }
}

TEST_CASE("what comes soon again and again is waited for without a word, until it once does not") {
  if (std::thread::hardware_concurrency() == 1) return;
  adaptive_spin spin;
  bool was_soon = false;
  for (int i = 0; i < 10'000 && !was_soon; ++i) {  // this thread may be off its core for more than 4 µs
    int said = 0;
    for (int round = 0; round < 2; ++round) {
      said = 0;
      int looks = 0;
      REQUIRE(spin.until([&] { return ++looks == 3; }, [&] { ++said; }));
    }
    was_soon = said == 0;
  }
  REQUIRE(was_soon);

  std::vector<bool> said_when_looking;
  bool said = false;
  CHECK_FALSE(spin.until(
      [&] {
        said_when_looking.push_back(said);
        return false;
      },
      [&] { said = true; }));
  CHECK(said);
  CHECK_FALSE(said_when_looking.at(1));  // not at once: it has waited for it
}

TEST_CASE("what did not come soon the last time is not waited for in silence") {
  adaptive_spin spin;
  CHECK_FALSE(spin.until([] { return false; }));
  bool said = false;
  int looks_before = 0;
  CHECK_FALSE(spin.until(
      [&] {
        if (!said) ++looks_before;
        return false;
      },
      [&] { said = true; }));
  CHECK(said);
  CHECK(looks_before == 1);
}

TEST_CASE("what happens already calls nothing") {
  adaptive_spin spin;
  CHECK(spin.until([] { return true; }, [] { FAIL("it is there"); }));
}
