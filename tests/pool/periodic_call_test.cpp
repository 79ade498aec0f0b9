#include <workpool/pool/periodic_call.hpp>

#include <chrono>

#include "support/catch.hpp"

using namespace std::chrono_literals;
using workpool::detail::checked_interval;

TEST_CASE("an interval must be above nothing") {
  CHECK(checked_interval(1ns) == 1ns);
  for (const workpool::duration wrong : {workpool::duration(0), workpool::duration(-1s)}) {
    try {
      static_cast<void>(checked_interval(wrong));
      FAIL("accepted");
    } catch (const workpool::bad_config& error) {
      CHECK(error.field() == "interval");
    }
  }
}
