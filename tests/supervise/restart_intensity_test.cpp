#include <workpool/supervise/restart_intensity.hpp>

#include <chrono>
#include <cstddef>
#include <random>
#include <vector>

#include "support/catch.hpp"
#include "support/refusals.hpp"

using namespace std::chrono_literals;
using workpool::death;
using workpool::duration;
using workpool::restart_decision;
using workpool::restart_intensity;
using workpool::restart_options;
using workpool::restart_when;
using workpool::time_point;
using action = workpool::restart_decision::action;

namespace {

constexpr death crash{true, 10s}, end{false, 10s}, early_end{false, 10ms};

/// The poorest restart policy.
class archetype {
 public:
  explicit archetype(int) {}
  archetype(const archetype&) = delete;
  restart_decision decide(const death&, time_point) { return {}; }
  void reset() {}
};
static_assert(workpool::restart_policy<archetype>);

}  // namespace

TEST_CASE("permanent restarts after any end, transient after failures, temporary never", "[restart]") {
  const auto what = [](restart_when when, const death& how) {
    return restart_intensity({.when = when}).decide(how, {}).what;
  };
  CHECK(what(restart_when::permanent, end) == action::restart);
  CHECK(what(restart_when::permanent, crash) == action::restart);
  CHECK(what(restart_when::transient, end) == action::leave);
  CHECK(what(restart_when::transient, crash) == action::restart);
  CHECK(what(restart_when::temporary, end) == action::leave);
  CHECK(what(restart_when::temporary, crash) == action::leave);
}

TEST_CASE("what ends before its minimum uptime has failed, however it ended", "[restart]") {
  restart_intensity policy({.when = restart_when::transient, .min_uptime = 1s});
  CHECK(policy.decide({false, 1s}, {}).what == action::leave);
  CHECK(policy.decide({false, 1s - 1ns}, {}).what == action::restart);
  CHECK(policy.decide(early_end, {}).what == action::restart);
}

TEST_CASE("the first restart is immediate, those that follow wait longer and longer", "[restart]") {
  restart_intensity policy({.backoff = {.initial = 100ms, .factor = 2, .max = 300ms}});
  time_point now{};
  for (const duration delay : {0ms, 100ms, 200ms, 300ms, 300ms}) {
    CHECK(policy.decide(crash, now) == restart_decision{action::restart, delay});
    now += 1s;
  }
}

TEST_CASE("after a quiet time the next restart is a first one", "[restart]") {
  restart_intensity policy({.backoff = {.initial = 100ms}, .reset_after = 30s});
  time_point now{};
  for (int n = 0; n < 3; ++n) policy.decide(crash, now);
  CHECK(policy.decide(crash, now + 30s - 1ns).delay == 400ms);
  now += 30s - 1ns;
  CHECK(policy.decide(crash, now + 30s).delay == 0ms);
  CHECK(policy.decide(crash, now + 31s).delay == 100ms);
}

TEST_CASE("a fixed delay holds for every restart, the first one too", "[restart]") {
  restart_intensity policy({.backoff = {.initial = 50ms, .factor = 1}});
  for (int n = 0; n < 3; ++n) CHECK(policy.decide(crash, time_point(n * 40s)).delay == 50ms);
}

TEST_CASE("more restarts than allowed within the window are the end, and one fewer is not", "[restart]") {
  restart_intensity policy({.max_restarts = 3, .window = 10s});
  for (const duration when : {0s, 3s, 6s}) CHECK(policy.decide(crash, time_point(when)).what == action::restart);
  CHECK(policy.decide(crash, time_point(10s - 1ns)).what == action::give_up);
  CHECK(policy.decide(crash, time_point(10s)).what == action::restart);  // the first one is forgotten
  CHECK(policy.decide(crash, time_point(10s)).what == action::give_up);
  policy.reset();
  CHECK(policy.decide(crash, time_point(10s)) == restart_decision{action::restart, 0s});
}

TEST_CASE("with no restart allowed the first death is the end", "[restart]") {
  CHECK(restart_intensity({.max_restarts = 0}).decide(crash, {}).what == action::give_up);
}

TEST_CASE("a window without end never forgets", "[restart]") {
  restart_intensity policy({.max_restarts = 2, .window = duration::max()});
  for (int n = 0; n < 2; ++n) CHECK(policy.decide(crash, time_point(n * 10'000h)).what == action::restart);
  CHECK(policy.decide(crash, time_point(1'000'000h)).what == action::give_up);
}

TEST_CASE("the window is that of an oracle which looks at the whole past each time", "[restart]") {
  std::mt19937 source(3);
  const auto numbers = [&] { return static_cast<unsigned>(source()); };
  std::size_t given_up = 0, restarted = 0;
  for (int life = 0; life < 500; ++life) {
    const unsigned most = numbers() % 6;
    const duration window(1 + numbers() % 1000);
    restart_intensity policy({.max_restarts = most, .window = window});
    std::vector<time_point> past;
    time_point now{};
    for (int n = 0; n < 200; ++n) {
      now += duration(numbers() % 400);
      std::size_t recent = 0;
      for (const time_point one : past) recent += now - one < window ? 1 : 0;
      const action expected = recent < most ? action::restart : action::give_up;
      REQUIRE(policy.decide(crash, now).what == expected);
      if (expected == action::restart) past.push_back(now);
      ++(expected == action::restart ? restarted : given_up);
    }
  }
  CHECK(given_up > 1000);
  CHECK(restarted > 1000);
}

TEST_CASE("a policy refuses options that cannot be meant", "[restart]") {
  workpool_test::check_refused([] { restart_intensity refused({.window = 0s}); }, "restart.window");
}
