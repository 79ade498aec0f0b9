#include <workpool/pool/dispatch.hpp>

#include "support/catch.hpp"

using namespace workpool::detail;

namespace {

using enum workpool::detail::pool_phase;
using enum workpool::detail::dispatch;

enum class paused : bool { no, yes };
enum class last_look : bool { not_yet, found_nothing };
enum class in_sight : bool { nothing, work };

/// What an idle worker does when it has looks left, and when it has none.
struct rule {
  pool_phase phase;
  enum paused paused;
  enum last_look look;
  in_sight sight;
  dispatch with_looks, without;
};

constexpr rule table[] = {
    {running, paused::no, last_look::not_yet, in_sight::nothing, pull, pull},
    {running, paused::no, last_look::not_yet, in_sight::work, pull, pull},
    {running, paused::no, last_look::found_nothing, in_sight::nothing, yield, park},
    {running, paused::no, last_look::found_nothing, in_sight::work, pull, pull},
    {running, paused::yes, last_look::not_yet, in_sight::nothing, halt, halt},
    {running, paused::yes, last_look::not_yet, in_sight::work, halt, halt},
    {running, paused::yes, last_look::found_nothing, in_sight::nothing, halt, halt},
    {running, paused::yes, last_look::found_nothing, in_sight::work, halt, halt},

    {draining, paused::no, last_look::not_yet, in_sight::nothing, pull, pull},
    {draining, paused::no, last_look::not_yet, in_sight::work, pull, pull},
    {draining, paused::no, last_look::found_nothing, in_sight::nothing, park, park},
    {draining, paused::no, last_look::found_nothing, in_sight::work, pull, pull},
    {draining, paused::yes, last_look::not_yet, in_sight::nothing, pull, pull},
    {draining, paused::yes, last_look::not_yet, in_sight::work, pull, pull},
    {draining, paused::yes, last_look::found_nothing, in_sight::nothing, park, park},
    {draining, paused::yes, last_look::found_nothing, in_sight::work, pull, pull},

    {stopped, paused::no, last_look::not_yet, in_sight::nothing, pull, pull},
    {stopped, paused::no, last_look::not_yet, in_sight::work, pull, pull},
    {stopped, paused::no, last_look::found_nothing, in_sight::nothing, park, park},
    {stopped, paused::no, last_look::found_nothing, in_sight::work, pull, pull},
    {stopped, paused::yes, last_look::not_yet, in_sight::nothing, pull, pull},
    {stopped, paused::yes, last_look::not_yet, in_sight::work, pull, pull},
    {stopped, paused::yes, last_look::found_nothing, in_sight::nothing, park, park},
    {stopped, paused::yes, last_look::found_nothing, in_sight::work, pull, pull},
};

constexpr dispatch_case case_of(const rule& now, unsigned looks_left) {
  return {.phase = now.phase,
          .paused = now.paused == paused::yes,
          .looked = now.look == last_look::found_nothing,
          .work_in_sight = now.sight == in_sight::work,
          .looks_left = looks_left};
}

constexpr dispatch decided(const rule& now, unsigned looks_left) { return decide(case_of(now, looks_left)); }

constexpr bool is_kept(const rule& one) {
  return decided(one, 0) == one.without && decided(one, 1) == one.with_looks && decided(one, 256) == one.with_looks;
}

constexpr bool every_rule_is_kept() {
  for (const rule& one : table) {
    if (!is_kept(one)) return false;
  }
  return true;
}
static_assert(every_rule_is_kept());

}  // namespace

TEST_CASE("the table of dispatches has one rule for each case") {
  for (const pool_phase phase : {running, draining, stopped}) {
    for (const auto pause : {paused::no, paused::yes}) {
      for (const auto look : {last_look::not_yet, last_look::found_nothing}) {
        for (const auto sight : {in_sight::nothing, in_sight::work}) {
          int rules = 0;
          for (const rule& one : table) {
            rules += one.phase == phase && one.paused == pause && one.look == look && one.sight == sight;
          }
          CHECK(rules == 1);
        }
      }
    }
  }
}

TEST_CASE("every dispatch keeps the table") {
  for (const rule& one : table) {
    CAPTURE(static_cast<int>(one.phase), static_cast<bool>(one.paused), static_cast<bool>(one.look),
            static_cast<bool>(one.sight));
    CHECK(is_kept(one));
  }
}

TEST_CASE("a worker that is wanted leaves only from where it would sleep, where it can see whether others work") {
  for (const rule& one : table) {
    CHECK(decided(one, 0) != leave);
    CHECK(decided(one, 1) != leave);
  }
}

TEST_CASE("a worker that is not wanted leaves whatever there is to do") {
  for (const rule& one : table) {
    dispatch_case now = case_of(one, 1);
    now.wanted = false;
    CHECK(decide(now) == leave);
  }
}

TEST_CASE("while something is still to come, a draining worker does what a running one would") {
  for (const rule& one : table) {
    dispatch_case now = case_of(one, 0);
    now.more_to_come = true;
    if (one.phase != running) {
      CHECK(decide(now) == (now.looked && !now.work_in_sight ? park : pull));
      now.looks_left = 1;
      CHECK(decide(now) == (now.looked && !now.work_in_sight ? yield : pull));
    } else {
      CHECK(decide(now) == one.without);
    }
  }
}
