#include <workpool/pool/shutdown_options.hpp>

#include "support/catch.hpp"

#include <chrono>

using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using workpool::checked;
using workpool::shutdown_options;

TEST_CASE("a shutdown as it comes runs what waits, has 30 s, and is final") {
  const shutdown_options options;
  CHECK(options.drain == 30s);
  CHECK(options.pending == workpool::pending::run);
  CHECK(options.force);
  CHECK(&checked(options) == &options);
}

TEST_CASE("no time and all the time are accepted") {
  CHECK_NOTHROW(checked(shutdown_options{.drain = 0s}));
  CHECK_NOTHROW(checked(shutdown_options{.drain = workpool::duration::max()}));
}

TEST_CASE("a negative drain is refused by name, value and remedy") {
  try {
    checked(shutdown_options{.drain = -1ns});
    FAIL("it was accepted");
  } catch (const workpool::bad_config& thrown) {
    CHECK(thrown.field() == "drain");
    CHECK_THAT(thrown.what(), ContainsSubstring("drain is -1 ns") && ContainsSubstring("0 or more"));
  }
}

TEST_CASE("a report begins with nothing") {
  const workpool::shutdown_report report;
  CHECK(report.completed + report.discarded + report.worker_lost + report.abandoned == 0);
  CHECK_FALSE(report.forced);
  CHECK(report.took == 0s);
}
