#include <workpool/supervise/health_options.hpp>

#include <chrono>
#include <string>

#include "support/catch.hpp"

namespace wp = workpool;
using namespace std::chrono_literals;

namespace {
std::string refused(wp::health_options options) {
  try {
    static_cast<void>(wp::checked(options));
  } catch (const wp::bad_config& wrong) {
    return std::string(wrong.field());
  }
  return "";
}
}  // namespace

TEST_CASE("health options that cannot be are refused by field") {
  CHECK(refused({}).empty());
  CHECK(refused({.every = -1ns}) == "health.every");
  CHECK(refused({.timeout = 0ns}) == "health.timeout");
  CHECK(refused({.strikes = 0}) == "health.strikes");
}
