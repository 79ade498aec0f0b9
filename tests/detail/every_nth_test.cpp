#include <workpool/detail/every_nth.hpp>

#include "support/catch.hpp"

#include <cstdint>

using workpool::detail::every_nth;

TEST_CASE("every n-th count is told, and no other") {
  std::uint64_t wrong = 0;
  for (const std::uint32_t n : {1U, 2U, 3U, 7U, 61U, 64U, 1000U, 65'537U, 0x7fff'ffffU, 0xffff'ffffU}) {
    const every_nth told(n);
    for (std::uint32_t count = 0; count < 200'000; ++count) wrong += told(count) != ((count + 1) % n == 0);
    for (std::uint64_t count = 0xffff'0000; count <= 0xffff'ffff; ++count) {
      wrong += told(static_cast<std::uint32_t>(count)) != ((count + 1) % n == 0);
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("every 0-th count is never") {
  const every_nth never(0);
  std::uint64_t told = 0;
  for (std::uint32_t count = 0; count < 100'000; ++count) told += never(count) + never(~count);
  CHECK(told == 0);
}
