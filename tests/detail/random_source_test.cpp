#include <workpool/detail/random_source.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

#include "support/catch.hpp"

using workpool::detail::random_source;

TEST_CASE("equal seeds give equal numbers, on every platform") {
  random_source one(1234567);
  CHECK(one.next() == 6457827717110365317U);  // as published for SplitMix64 with this seed
  CHECK(one.next() == 3203168211198807973U);
  random_source same(1234567);
  CHECK(same.next() == 6457827717110365317U);
}

TEST_CASE("seed 0 is replaced by a fresh one") { CHECK(random_source(0).next() != random_source(0).next()); }

TEST_CASE("below is below, and each number is as likely as the others") {
  random_source source(7);
  std::array<int, 10> counts{};
  for (int n = 0; n < 100'000; ++n) ++counts.at(static_cast<std::size_t>(source.below(10)));
  for (const int count : counts) {
    CHECK(count > 9'500);
    CHECK(count < 10'500);
  }
  CHECK(source.below(1) == 0);
}

TEST_CASE("a fraction is 0 up to, and not, 1, and a half on average") {
  random_source source(8);
  double sum = 0;
  bool within = true;
  for (int n = 0; n < 100'000; ++n) {
    const double one = source.fraction();
    within = within && one >= 0 && one < 1;
    sum += one;
  }
  CHECK(within);
  CHECK(sum / 100'000 == Approx(0.5).margin(0.01));
}
