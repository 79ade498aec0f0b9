#pragma once
#include <chrono>
#include <cstdint>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/supervise/restart_policy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

enum class slot_state : std::uint8_t { stopped, starting, ready, stopping, backing_off, failed };

/// What is to be done after an event, besides waiting for the deadline.
struct slot_actions {
  bool spawn = false;        // start the next generation
  bool ask_to_stop = false;  // it shall end by itself
  bool kill = false;         // it shall end now
  bool tell_failed = false;  // the slot has been given up

  bool operator==(const slot_actions&) const = default;
};

struct slot_options {
  duration ready_timeout = std::chrono::seconds(5);  // from its start until it is ready
  duration stop_timeout = std::chrono::seconds(2);   // from the request until it is killed
  unsigned strikes = 3;                              // unanswered health checks in a row until it is killed; 0: never
};

/// One place in which something runs and is kept running, a worker or a program, as a pure machine: events and the time
/// go in, what is to be done comes out.
///
///     stopped ──start──► starting ──ready──► ready
///        ▲                │   ▲ │              │ death, not ready in time, too many strikes
///        │ death          │   │ └──────┬───────┘
///     stopping ◄──stop────┘   │        ▼
///        ▲ stop     delay over│   the restart policy: leave ──► stopped
///        └── ready            └── backing_off ◄── restart, later    give up ──► failed ──start──► starting
///                                  (at once: starting)
///
/// Every start is a new generation, and an event of an earlier one changes nothing, so that there is one restart for
/// each death and never two at work. What has been killed is out only with its death, which somebody has to tell.
/// Threads: one at a time. Throws: what the policy throws, from death() only; the slot has then failed.
template <restart_policy Policy>
class slot_machine {
 public:
  explicit slot_machine(Policy policy, slot_options options = {}) : policy_(std::move(policy)), options_(options) {}

  slot_state state() const noexcept { return state_; }
  std::uint32_t generation() const noexcept { return generation_; }
  /// Whether something is at work, or being started or stopped, and its death is still to come.
  bool occupied() const noexcept {
    return state_ == slot_state::starting || state_ == slot_state::ready || state_ == slot_state::stopping;
  }
  /// When due() is to be called; time_point::max(): never.
  time_point deadline() const noexcept { return deadline_; }

  /// It shall run. What is being stopped starts again after its death; what has failed gets a new chance.
  slot_actions start(time_point now) {
    wanted_ = true;
    if (state_ != slot_state::stopped && state_ != slot_state::failed) return {};
    policy_.reset();
    return spawn(now);
  }

  /// It shall not run.
  slot_actions stop(time_point now) noexcept {
    wanted_ = false;
    switch (state_) {
      case slot_state::starting:
      case slot_state::ready:
        go(slot_state::stopping, killed_ ? time_point::max() : after(now, options_.stop_timeout));
        return {.ask_to_stop = !killed_};
      case slot_state::backing_off:
      case slot_state::failed:
        go(slot_state::stopped);
        return {};
      case slot_state::stopped:
      case slot_state::stopping:
        return {};
    }
    return {};
  }

  /// It can be given work. Gives: whether that is news.
  bool ready(std::uint32_t generation) noexcept {
    if (generation != generation_ || state_ != slot_state::starting || killed_) return false;
    go(slot_state::ready);
    return true;
  }

  /// It has done what it is there for: restarts until then do not count any more.
  void worked(std::uint32_t generation) noexcept {
    if (generation == generation_ && state_ == slot_state::ready) policy_.reset();
  }

  /// A health check was answered, or not in time.
  void answered(std::uint32_t generation) noexcept {
    if (generation == generation_) missed_ = 0;
  }
  slot_actions missed(std::uint32_t generation) noexcept {
    if (generation != generation_ || state_ != slot_state::ready || killed_) return {};
    if (options_.strikes == 0 || ++missed_ < options_.strikes) return {};
    killed_ = true;
    return {.kill = true};
  }

  /// It is gone. `end`: how; what was killed here has failed.
  slot_actions died(std::uint32_t generation, death end, time_point now) {
    if (generation != generation_ || !occupied()) return {};
    const bool was_stopping = state_ == slot_state::stopping;
    end.failed = end.failed || killed_;
    if (was_stopping) {
      go(slot_state::stopped);
      return wanted_ ? spawn(now) : slot_actions{};
    }
    go(slot_state::failed);  // unless the policy answers
    const restart_decision next = policy_.decide(end, now);
    switch (next.what) {
      case restart_decision::action::leave:
        go(slot_state::stopped);
        return {};
      case restart_decision::action::give_up:
        return {.tell_failed = true};
      case restart_decision::action::restart:
        break;
    }
    if (next.delay <= duration::zero()) return spawn(now);
    go(slot_state::backing_off, after(now, next.delay));
    return {};
  }

  /// The deadline has passed; before it nothing happens.
  slot_actions due(time_point now) noexcept {
    if (now < deadline_) return {};
    deadline_ = time_point::max();
    switch (state_) {
      case slot_state::backing_off:
        return spawn(now);
      case slot_state::starting:
      case slot_state::stopping:
        killed_ = true;
        return {.kill = true};
      case slot_state::stopped:
      case slot_state::ready:
      case slot_state::failed:
        break;
    }
    return {};
  }

 private:
  void go(slot_state next, time_point deadline = time_point::max()) noexcept {
    state_ = next;
    deadline_ = deadline;
  }

  slot_actions spawn(time_point now) noexcept {
    ++generation_;
    missed_ = 0;
    killed_ = false;
    go(slot_state::starting, after(now, options_.ready_timeout));
    return {.spawn = true};
  }

  Policy policy_;
  slot_options options_;
  slot_state state_ = slot_state::stopped;
  std::uint32_t generation_ = 0;  // of what runs, or ran last
  time_point deadline_ = time_point::max();
  unsigned missed_ = 0;  // health checks in a row
  bool wanted_ = false;
  bool killed_ = false;  // and its death is still to come
};

}}}  // namespace workpool::v0::detail
