#include <workpool/pool/asking_strategy.hpp>

#include "support/catch.hpp"

using workpool::detail::asking_strategy;

TEST_CASE("a thread knows whose strategies it is asking, through any number of others", "[selection]") {
  const int one = 0, other = 0;
  CHECK_FALSE(asking_strategy::anybody());
  {
    const asking_strategy first(&one);
    CHECK_FALSE(first.is_nested());
    CHECK(asking_strategy::anybody());
    const asking_strategy second(&other);
    CHECK_FALSE(second.is_nested());
    const asking_strategy third(&one);
    CHECK(third.is_nested());
  }
  CHECK_FALSE(asking_strategy::anybody());
}
