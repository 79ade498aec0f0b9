#pragma once
#include <cstdint>
#include <optional>
#include <workpool/core/clock.hpp>
#include <workpool/core/errc.hpp>
#include <workpool/queue/queue_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What a submit does when the queue did not accept: a pure decision.
enum class admission : std::uint8_t { refuse, wait, run_inline };

enum class submit_kind : std::uint8_t { may_block, must_not_block };

struct admission_case {
  push_status status;  // full or closed
  on_full policy;
  std::optional<duration> block_for;
  submit_kind kind;
  bool own_worker;      // the submitter is a worker of the same pool
  bool waited = false;  // it has waited for room already
  bool nests = true;    // there is stack left to run the task here
};

struct admission_step {
  admission action;
  errc reason{};  // of a refusal
};

/// A worker never waits for room in its own queue, since it may be the one to make it: it runs the task itself, as long
/// as its stack lasts.
constexpr admission_step decide(const admission_case& now) noexcept {
  if (now.status == push_status::closed) return {admission::refuse, errc::pool_stopped};
  if (now.kind == submit_kind::must_not_block) return {admission::refuse, errc::queue_full};
  const bool inside = now.policy == on_full::block && now.own_worker;
  if (inside && !now.nests) return {admission::refuse, errc::would_deadlock};
  if (inside || (now.policy == on_full::caller_runs && now.nests)) return {admission::run_inline};
  if (now.policy != on_full::block) return {admission::refuse, errc::queue_full};
  const bool no_time = now.block_for && *now.block_for <= duration::zero();
  if (now.waited || no_time) return {admission::refuse, errc::enqueue_timeout};
  return {admission::wait};
}

}}}  // namespace workpool::v0::detail
