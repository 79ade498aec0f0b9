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

/// For one submitter at a queue that did not accept: the answer for each limit, first before and then after it has
/// waited. `forever`: no block_for.
struct rule {
  push_status status;
  on_full policy;
  submit_kind kind;
  bool own_worker;
  admission_step forever[2], negative[2], zero[2], positive[2];
};

constexpr rule table[] = {
#define ALWAYS(step) {step, step}, {step, step}, {step, step}, {step, step}
    {full, block, may_block, false, {wait_for_room, too_late}, {too_late, too_late}, {too_late, too_late},
     {wait_for_room, too_late}},
    {full, block, may_block, true, ALWAYS(run)},
    {full, block, must_not_block, false, ALWAYS(is_full)},
    {full, block, must_not_block, true, ALWAYS(is_full)},

    {full, reject, may_block, false, ALWAYS(is_full)},
    {full, reject, may_block, true, ALWAYS(is_full)},
    {full, reject, must_not_block, false, ALWAYS(is_full)},
    {full, reject, must_not_block, true, ALWAYS(is_full)},

    {full, caller_runs, may_block, false, ALWAYS(run)},
    {full, caller_runs, may_block, true, ALWAYS(run)},
    {full, caller_runs, must_not_block, false, ALWAYS(is_full)},
    {full, caller_runs, must_not_block, true, ALWAYS(is_full)},

    {full, drop_oldest, may_block, false, ALWAYS(is_full)},
    {full, drop_oldest, may_block, true, ALWAYS(is_full)},
    {full, drop_oldest, must_not_block, false, ALWAYS(is_full)},
    {full, drop_oldest, must_not_block, true, ALWAYS(is_full)},

    {closed, block, may_block, false, ALWAYS(stopped)},
    {closed, block, may_block, true, ALWAYS(stopped)},
    {closed, block, must_not_block, false, ALWAYS(stopped)},
    {closed, block, must_not_block, true, ALWAYS(stopped)},

    {closed, reject, may_block, false, ALWAYS(stopped)},
    {closed, reject, may_block, true, ALWAYS(stopped)},
    {closed, reject, must_not_block, false, ALWAYS(stopped)},
    {closed, reject, must_not_block, true, ALWAYS(stopped)},

    {closed, caller_runs, may_block, false, ALWAYS(stopped)},
    {closed, caller_runs, may_block, true, ALWAYS(stopped)},
    {closed, caller_runs, must_not_block, false, ALWAYS(stopped)},
    {closed, caller_runs, must_not_block, true, ALWAYS(stopped)},

    {closed, drop_oldest, may_block, false, ALWAYS(stopped)},
    {closed, drop_oldest, may_block, true, ALWAYS(stopped)},
    {closed, drop_oldest, must_not_block, false, ALWAYS(stopped)},
    {closed, drop_oldest, must_not_block, true, ALWAYS(stopped)},
#undef ALWAYS
};

constexpr bool answers(const rule& now, std::optional<duration> limit, const admission_step (&expected)[2]) {
  for (const bool waited : {false, true}) {
    const admission_step step = decide({now.status, now.policy, limit, now.kind, now.own_worker, waited});
    if (step.action != expected[waited].action || step.reason != expected[waited].reason) return false;
  }
  return true;
}

constexpr bool is_kept(const rule& one) {
  return answers(one, std::nullopt, one.forever) && answers(one, duration(-1), one.negative) &&
         answers(one, duration::min(), one.negative) && answers(one, duration(0), one.zero) &&
         answers(one, duration(1), one.positive) && answers(one, duration::max(), one.positive);
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
