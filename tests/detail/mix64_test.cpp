#include <workpool/detail/mix64.hpp>

#include <bit>
#include <cstdint>

#include "support/catch.hpp"

using workpool::detail::mix64;

TEST_CASE("mix64 is the finalizer of SplitMix64") {
  STATIC_REQUIRE(mix64(0) == 0);
  STATIC_REQUIRE(mix64(0x9e3779b97f4a7c15U) == 0xe220a8397b1dcdafU);  // the first number of seed 0 in its paper's code
}

TEST_CASE("one bit in changes about half of the bits out") {
  for (int bit = 0; bit < 64; ++bit) {
    int changed = 0;
    for (std::uint64_t number = 1; number <= 200; ++number) {
      changed += std::popcount(mix64(number) ^ mix64(number ^ std::uint64_t{1} << bit));
    }
    CHECK(changed > 200 * 28);
    CHECK(changed < 200 * 36);
  }
}
