#include <workpool/pool/admission.hpp>

#include "support/catch.hpp"

#include <optional>

using namespace workpool::detail;
using workpool::duration;
using workpool::errc;
using workpool::on_full;
using workpool::push_status;

namespace {

using enum workpool::detail::admission;
using enum workpool::on_full;
using enum workpool::push_status;
using enum workpool::detail::submit_kind;

constexpr admission_step run{run_inline, errc{}};
constexpr admission_step wait_for_room{admission::wait, errc{}};
constexpr admission_step stopped{refuse, errc::pool_stopped};
constexpr admission_step is_full{refuse, errc::queue_full};
constexpr admission_step too_late{refuse, errc::enqueue_timeout};

/// The answers for each limit, first before and then after the submitter has waited. `forever`: no block_for.
struct answers {
  admission_step forever[2], negative[2], zero[2], positive[2];
};

constexpr answers always(admission_step step) { return {{step, step}, {step, step}, {step, step}, {step, step}}; }

constexpr answers waits_once{
    {wait_for_room, too_late}, {too_late, too_late}, {too_late, too_late}, {wait_for_room, too_late}};

/// What one submitter at a queue that did not accept is answered.
struct rule {
  push_status status;
  on_full policy;
  submit_kind kind;
  bool own_worker;
  answers expected;
};

constexpr rule table[] = {
    {full, block, may_block, false, waits_once},
    {full, block, may_block, true, always(run)},
    {full, block, must_not_block, false, always(is_full)},
    {full, block, must_not_block, true, always(is_full)},

    {full, reject, may_block, false, always(is_full)},
    {full, reject, may_block, true, always(is_full)},
    {full, reject, must_not_block, false, always(is_full)},
    {full, reject, must_not_block, true, always(is_full)},

    {full, caller_runs, may_block, false, always(run)},
    {full, caller_runs, may_block, true, always(run)},
    {full, caller_runs, must_not_block, false, always(is_full)},
    {full, caller_runs, must_not_block, true, always(is_full)},

    {full, drop_oldest, may_block, false, always(is_full)},
    {full, drop_oldest, may_block, true, always(is_full)},
    {full, drop_oldest, must_not_block, false, always(is_full)},
    {full, drop_oldest, must_not_block, true, always(is_full)},

    {closed, block, may_block, false, always(stopped)},
    {closed, block, may_block, true, always(stopped)},
    {closed, block, must_not_block, false, always(stopped)},
    {closed, block, must_not_block, true, always(stopped)},

    {closed, reject, may_block, false, always(stopped)},
    {closed, reject, may_block, true, always(stopped)},
    {closed, reject, must_not_block, false, always(stopped)},
    {closed, reject, must_not_block, true, always(stopped)},

    {closed, caller_runs, may_block, false, always(stopped)},
    {closed, caller_runs, may_block, true, always(stopped)},
    {closed, caller_runs, must_not_block, false, always(stopped)},
    {closed, caller_runs, must_not_block, true, always(stopped)},

    {closed, drop_oldest, may_block, false, always(stopped)},
    {closed, drop_oldest, may_block, true, always(stopped)},
    {closed, drop_oldest, must_not_block, false, always(stopped)},
    {closed, drop_oldest, must_not_block, true, always(stopped)},
};

constexpr bool is_answered(const rule& now, std::optional<duration> limit, const admission_step (&expected)[2]) {
  for (const bool waited : {false, true}) {
    const admission_step step = decide({now.status, now.policy, limit, now.kind, now.own_worker, waited});
    if (step.action != expected[waited].action || step.reason != expected[waited].reason) return false;
  }
  return true;
}

constexpr bool is_kept(const rule& one) {
  const answers& all = one.expected;
  return is_answered(one, std::nullopt, all.forever) && is_answered(one, duration(-1), all.negative) &&
         is_answered(one, duration::min(), all.negative) && is_answered(one, duration(0), all.zero) &&
         is_answered(one, duration(1), all.positive) && is_answered(one, duration::max(), all.positive);
}

constexpr bool every_rule_is_kept() {
  for (const rule& one : table) {
    if (!is_kept(one)) return false;
  }
  return true;
}
static_assert(every_rule_is_kept());

}  // namespace

TEST_CASE("the table of admissions has one rule for each submitter at each queue") {
  for (const push_status status : {full, closed}) {
    for (const on_full policy : {block, reject, caller_runs, drop_oldest}) {
      for (const submit_kind kind : {may_block, must_not_block}) {
        for (const bool own_worker : {false, true}) {
          int rules = 0;
          for (const rule& one : table) {
            rules += one.status == status && one.policy == policy && one.kind == kind && one.own_worker == own_worker;
          }
          CHECK(rules == 1);
        }
      }
    }
  }
}

TEST_CASE("every admission keeps the table") {
  for (const rule& one : table) {
    CAPTURE(static_cast<int>(one.status), static_cast<int>(one.policy), static_cast<int>(one.kind), one.own_worker);
    CHECK(is_kept(one));
  }
}

TEST_CASE("a submitter without stack for one more task is refused, in words that say whether waiting would help") {
  const auto answer = [](on_full policy, submit_kind kind, bool own_worker) {
    return decide({full, policy, std::nullopt, kind, own_worker, false, false});
  };
  CHECK(answer(block, may_block, true).reason == errc::would_deadlock);
  CHECK(answer(block, may_block, false).action == admission::wait);
  CHECK(answer(block, must_not_block, true).reason == errc::queue_full);
  for (const bool own_worker : {false, true}) {
    CHECK(answer(caller_runs, may_block, own_worker).action == refuse);
    CHECK(answer(caller_runs, may_block, own_worker).reason == errc::queue_full);
  }
}
