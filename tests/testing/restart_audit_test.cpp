#include <workpool/testing/restart_audit.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <string>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::restart_audit;
using wp::testing::restart_kind;

namespace {

const wp::restart_options limits{.max_restarts = 2, .window = 60s, .reset_after = 30s};
constexpr wp::time_point begin{};

}  // namespace

TEST_CASE("the first restart is at once, the next one later, and then it is over", "[audit]") {
  restart_audit slot;
  CHECK(slot.judge(limits, restart_kind::at_once, 0s, begin).empty());
  CHECK(slot.judge(limits, restart_kind::later, 100ms, begin + 1s).empty());
  CHECK(slot.judge(limits, restart_kind::none, 0s, begin + 2s).empty());
  CHECK(slot.judge(limits, restart_kind::at_once, 0s, begin + 60s).empty());  // the first one is out of the window
}

TEST_CASE("one restart too many, or too few, is told", "[audit]") {
  restart_audit slot;
  CHECK(slot.judge(limits, restart_kind::none, 0s, begin) == "is given up after 0 restarts within the window");
  CHECK(slot.judge(limits, restart_kind::at_once, 0s, begin).empty());
  CHECK(slot.judge(limits, restart_kind::later, 100ms, begin + 1s).empty());
  CHECK(slot.judge(limits, restart_kind::later, 100ms, begin + 2s) ==
        "is restarted after 2 restarts within the window");
  slot.forget();
  CHECK(slot.judge(limits, restart_kind::at_once, 0s, begin + 3s).empty());
}

TEST_CASE("a wait after a quiet time is told, and a restart at once that is not the first", "[audit]") {
  restart_audit slot;
  CHECK(slot.judge(limits, restart_kind::later, 100ms, begin) == "waits although all was quiet");
  CHECK(slot.judge(limits, restart_kind::at_once, 0s, begin + 1s) == "is restarted at once");
}

TEST_CASE("a delay that is not the next one is told, and after a quiet time the first one is", "[audit]") {
  wp::restart_options patient = limits;
  patient.max_restarts = 100;
  restart_audit slot;
  CHECK(slot.judge(patient, restart_kind::at_once, 0s, begin).empty());
  CHECK(slot.judge(patient, restart_kind::later, 100ms, begin + 1s).empty());
  CHECK(slot.judge(patient, restart_kind::later, 200ms, begin + 2s).empty());
  CHECK(slot.judge(patient, restart_kind::later, 300ms, begin + 3s).find("waits for 300 ms") == 0);
  CHECK(slot.judge(patient, restart_kind::at_once, 0s, begin + 40s).empty());
  CHECK(slot.judge(patient, restart_kind::later, 800ms, begin + 41s).find("and not for 100000000") !=
        std::string::npos);
}

TEST_CASE("a fixed delay is for every restart, and what is not permanent is not judged", "[audit]") {
  restart_audit slot;
  wp::restart_options fixed = limits;
  fixed.backoff.factor = 1;
  CHECK(slot.judge(fixed, restart_kind::later, 100ms, begin).empty());
  wp::restart_options once = limits;
  once.when = wp::restart_when::temporary;
  CHECK(slot.judge(once, restart_kind::none, 0s, begin).empty());
}
