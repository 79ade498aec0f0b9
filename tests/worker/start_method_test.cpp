#include <workpool/worker/start_method.hpp>

#include "support/catch.hpp"

using workpool::start_method;

TEST_CASE("every start method is called what it is written as, and anything else is invalid") {
  STATIC_REQUIRE(start_method{} == start_method::automatic);
  CHECK(to_string(start_method::automatic) == "automatic");
  CHECK(to_string(start_method::zygote) == "zygote");
  CHECK(to_string(start_method::fork) == "fork");
  CHECK(to_string(start_method::exec) == "exec");
  CHECK(to_string(static_cast<start_method>(99)) == "invalid");
}
