#include <workpool/pool/breaker_gate.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <tuple>
#include <vector>
#include <workpool/core/manual_clock.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::outcome;
using wp::detail::breaker_gate;

TEST_CASE("outcomes count against a breaker as the contract says", "[gate]") {
  for (const auto& [how, success, failure] :
       std::vector<std::tuple<outcome, unsigned, unsigned>>{{outcome::value, 1, 0},
                                                            {outcome::failed, 0, 1},
                                                            {outcome::cancelled, 0, 0},
                                                            {outcome::expired, 0, 0},
                                                            {outcome::timed_out, 0, 1},
                                                            {outcome::worker_lost, 0, 1},
                                                            {outcome::discarded, 0, 0},
                                                            {outcome::pool_broken, 0, 0}}) {
    INFO(to_string(how));
    wp::circuit_breaker breaker({.failure_threshold = 5});
    breaker_gate gate(breaker);
    REQUIRE(gate.enter());
    gate.leave(how);
    gate.leave(outcome::failed);  // the first word counts
    CHECK(breaker.stats().successes == success);
    CHECK(breaker.stats().failures == failure);
  }
}

TEST_CASE("who was not let in tells nothing, and leave that was not used is handed back", "[gate]") {
  wp::manual_clock clock;
  wp::circuit_breaker breaker({.failure_threshold = 1, .open_for = 1s, .half_open_probes = 1}, clock);
  {
    breaker_gate first(breaker);
    REQUIRE(first.enter());
    first.leave(outcome::failed);
  }
  breaker_gate refused(breaker);
  CHECK_FALSE(refused.enter());
  refused.leave(outcome::value);
  CHECK(breaker.stats().successes == 0);
  clock.advance(1s);
  {
    breaker_gate probe(breaker);
    CHECK(probe.enter());
    breaker_gate second(breaker);
    CHECK_FALSE(second.enter());
  }
  breaker_gate next(breaker);
  CHECK(next.enter());
}
