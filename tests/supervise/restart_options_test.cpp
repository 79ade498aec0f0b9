#include <workpool/supervise/restart_options.hpp>

#include <chrono>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::restart_options;
using workpool_test::check_refused;

namespace {
auto with(restart_options options) {
  return [options] { workpool::checked(options); };
}
}  // namespace

TEST_CASE("the defaults can be meant", "[restart]") { CHECK_NOTHROW(with({})()); }

TEST_CASE("options that cannot be meant are refused by name", "[restart]") {
  check_refused(with({.when = static_cast<workpool::restart_when>(3)}), "restart.when", "permanent, transient");
  check_refused(with({.window = 0s}), "restart.window", "more than 0");
  check_refused(with({.min_uptime = -1ns}), "restart.min_uptime");
  check_refused(with({.reset_after = -1ns}), "restart.reset_after");
  check_refused(with({.backoff = {.factor = 0.5}}), "restart.backoff.factor");
}
