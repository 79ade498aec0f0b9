#include <workpool/pool/crew_breaker.hpp>

#include "support/catch.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>
#include <workpool/core/clock.hpp>
#include <workpool/core/error.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::detail::crew_breaker;

namespace {

constexpr wp::time_point start{1h};
constexpr auto never = wp::time_point::max();

wp::circuit_breaker_options opens_for(wp::duration time) {
  wp::circuit_breaker_options options;
  options.open_for = time;
  return options;
}

enum class step { open, deadline, probe_fails, worker_answers };
constexpr std::size_t kinds = 4;

/// A breaker, driven through one sequence, and what has to be true of it. Gives: the first rule that was broken.
const char* broken_rule(const std::vector<step>& steps) {
  crew_breaker one(opens_for(10s));
  bool open = false, probing = false;
  wp::time_point now = start, due = never;
  for (const step next : steps) {
    now += 1s;
    switch (next) {
      case step::open:
        if (one.open(now) != !open) return "to open is news exactly when it was closed";
        if (!open) due = now + 10s;
        open = true;
        break;
      case step::deadline:
        if (due == never) break;
        now = due;
        if (!one.probe(now)) return "after open_for one worker is started";
        due = never;
        probing = true;
        break;
      case step::probe_fails:
        if (!probing) break;
        one.probe_failed(now);
        probing = false;
        due = now + 10s;
        break;
      case step::worker_answers:
        if (one.close(now) != open) return "to close is news exactly when it was open";
        open = probing = false;
        due = never;
        break;
    }
    if (one.is_open() != open) return "it is open from the last failure to the first answer";
    if (one.is_probing() != probing) return "it probes from the deadline until the probe has failed or answered";
    if (one.deadline() != due) return "there is a deadline while it is open and does not probe";
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a breaker of a crew is closed and has no deadline until the last slot has failed") {
  crew_breaker one(std::nullopt);
  CHECK_FALSE(one.is_open());
  CHECK_FALSE(one.is_probing());
  CHECK(one.deadline() == never);
  CHECK_FALSE(one.close(start));
}

TEST_CASE("every sequence of failures, deadlines, probes and answers leaves a breaker of a crew as its rules say") {
  std::size_t sequences = 0;
  std::string broken;
  for (std::size_t length = 1; length <= 6; ++length) {
    std::size_t count = 1;
    for (std::size_t n = 0; n < length; ++n) count *= kinds;
    for (std::size_t code = 0; code < count && broken.empty(); ++code, ++sequences) {
      std::vector<step> steps;
      for (std::size_t n = 0, rest = code; n < length; ++n, rest /= kinds) {
        steps.push_back(static_cast<step>(rest % kinds));
      }
      if (const char* const rule = broken_rule(steps)) broken = rule + (" in sequence " + std::to_string(code));
    }
  }
  CHECK(broken == "");
  CHECK(sequences == 4 + 16 + 64 + 256 + 1024 + 4096);
}

TEST_CASE("one failure opens the breaker of a crew, whatever threshold the options name") {
  wp::circuit_breaker_options options = opens_for(1s);
  options.failure_threshold = 50;
  crew_breaker one(options);
  CHECK(one.open(start));
  CHECK(one.deadline() == start + 1s);
}

TEST_CASE("a breaker of a crew that never ends its opening never probes") {
  crew_breaker one(opens_for(wp::duration::max()));
  CHECK(one.open(start));
  CHECK(one.deadline() == never);
}

TEST_CASE("options no breaker can have are refused by the breaker of a crew, too") {
  wp::circuit_breaker_options options = opens_for(-1s);
  CHECK_THROWS_AS(crew_breaker(options), wp::bad_config);
}
