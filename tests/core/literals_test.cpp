#include <workpool/core/literals.hpp>

#include "support/catch.hpp"

#include <cstddef>
#include <type_traits>

using namespace workpool::literals;

TEST_CASE("size literals count bytes in powers of 1024") {
  STATIC_REQUIRE(1_KiB == 1024);
  STATIC_REQUIRE(256_MiB == std::size_t{256} * 1024 * 1024);
  STATIC_REQUIRE(2_GiB == std::size_t{1} << 31);
  STATIC_REQUIRE(std::is_same_v<decltype(1_KiB), std::size_t>);
  CHECK(0_GiB == 0);
}
