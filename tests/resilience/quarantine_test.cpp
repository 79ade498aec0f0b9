#include <workpool/resilience/quarantine.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::quarantine;
using workpool::time_point;

TEST_CASE("a key is held from its last allowed kill on, and the others are not", "[quarantine]") {
  quarantine some({.kills = 2, .window = 60s});
  CHECK_FALSE(some.killed(7, {}));
  CHECK_FALSE(some.holds(7, {}));
  CHECK(some.killed(7, {}));
  CHECK(some.holds(7, {}));
  CHECK_FALSE(some.holds(8, {}));
  CHECK_FALSE(some.killed(7, {}));  // it is held already
}

TEST_CASE("when its kills are old enough it is free again", "[quarantine]") {
  quarantine some({.kills = 2, .window = 60s});
  some.killed(7, time_point(0s));
  some.killed(7, time_point(50s));
  CHECK(some.holds(7, time_point(60s - 1ns)));
  CHECK_FALSE(some.holds(7, time_point(60s)));
  CHECK(some.killed(7, time_point(109s)));
}

TEST_CASE("it is off by default, and key 0 is never held", "[quarantine]") {
  quarantine off;
  for (int n = 0; n < 100; ++n) CHECK_FALSE(off.killed(1, {}));
  CHECK_FALSE(off.holds(1, {}));
  quarantine strict({.kills = 1});
  CHECK_FALSE(strict.killed(0, {}));
  CHECK_FALSE(strict.holds(0, {}));
}

TEST_CASE("what is held is what an oracle finds that looks at all kills each time", "[quarantine]") {
  std::mt19937 numbers(5);
  quarantine some({.kills = 3, .window = 100ns});
  std::map<std::uint64_t, std::vector<time_point>> all;
  time_point now{};
  for (int n = 0; n < 5000; ++n) {
    now += workpool::duration(numbers() % 20);
    const std::uint64_t key = 1 + numbers() % 4;
    if (numbers() % 2 == 0) {
      some.killed(key, now);
      all[key].push_back(now);
    }
    unsigned recent = 0;
    for (const time_point one : all[key]) recent += now - one < 100ns ? 1 : 0;
    REQUIRE(some.holds(key, now) == (recent >= 3));
  }
}

TEST_CASE("a window of nothing is refused by name", "[quarantine]") {
  workpool_test::check_refused([] { quarantine refused({.kills = 1, .window = 0s}); }, "quarantine.window");
}
