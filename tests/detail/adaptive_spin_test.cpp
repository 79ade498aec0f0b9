#include <workpool/detail/adaptive_spin.hpp>

#include <atomic>
#include <chrono>
#include <thread>

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
