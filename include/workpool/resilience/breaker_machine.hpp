#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <workpool/core/clock.hpp>
#include <workpool/resilience/call_window.hpp>
#include <workpool/resilience/circuit_breaker_options.hpp>

namespace workpool { inline namespace v0 { namespace detail {

enum class breaker_state : std::uint8_t { closed, open, half_open, forced_open, forced_closed };

constexpr std::string_view to_string(breaker_state state) noexcept {
  switch (state) {
    case breaker_state::closed:
      return "closed";
    case breaker_state::open:
      return "open";
    case breaker_state::half_open:
      return "half open";
    case breaker_state::forced_open:
      return "forced open";
    case breaker_state::forced_closed:
      return "forced closed";
  }
  return "invalid";
}

/// How a call went that was let through. `dropped`: nobody knows.
enum class call_result : std::uint8_t { success, failure, dropped };

/// A circuit breaker as a pure machine: what it knows changes by calls, their results and the time they are told at.
///
///              a criterion is met                 open_for has passed, and a call comes
///     closed ─────────────────────► open ────────────────────────────────────────────► half_open
///        ▲                            ▲    a probe fails, or none says anything in time     │
///        │                            └─────────────────────────────────────────────────────┤
///        └──────────────────────────────────────────────────────── enough probes succeed ───┘
///     any ── force_open, force_closed ──► forced_open, forced_closed ── reset ──► closed
///
/// Every change of state begins a new generation; the result of a call of an earlier one changes nothing. A forced
/// breaker judges nobody. In half_open no more calls are let through than could still be needed to close it.
/// Threads: one at a time. Throws: bad_config and std::bad_alloc from the constructor, the rest nothing.
class breaker_machine {
 public:
  explicit breaker_machine(const circuit_breaker_options& options)
      : options_(checked(options)),
        window_(options.window_time == duration::zero() ? call_window(rated() ? options.window_calls : 1)
                                                        : call_window(options.window_time)) {}

  breaker_state state() const noexcept { return state_; }
  std::uint64_t generation() const noexcept { return generation_; }
  unsigned probes_in_flight() const noexcept { return in_flight_; }
  /// When an open breaker lets the next call through.
  time_point opens_until() const noexcept { return after(since_, options_.open_for); }

  /// A call wants through. Gives: the generation it belongs to, or nothing: it may not.
  std::optional<std::uint64_t> acquire(time_point now) noexcept {
    if (state_ == breaker_state::open && now >= opens_until()) go(breaker_state::half_open, now);
    if (state_ == breaker_state::half_open && now >= after(since_, longest_half_open())) go(breaker_state::open, now);
    switch (state_) {
      case breaker_state::closed:
      case breaker_state::forced_closed:
        return generation_;
      case breaker_state::half_open:
        if (in_flight_ + succeeded_ >= options_.half_open_probes) return std::nullopt;
        ++in_flight_;
        return generation_;
      case breaker_state::open:
      case breaker_state::forced_open:
        break;
    }
    return std::nullopt;
  }

  /// A call that was let through has ended, after `took`.
  void record(std::uint64_t generation, call_result result, duration took, time_point now) noexcept {
    if (generation != generation_) return;
    const bool slow = options_.slow_call != duration::zero() && took >= options_.slow_call;
    if (state_ == breaker_state::closed) return judge(result, slow, now);
    if (state_ != breaker_state::half_open) return;
    --in_flight_;
    if (result == call_result::dropped) return;
    if (result == call_result::failure || (slow && options_.slow_rate != 0.0)) return go(breaker_state::open, now);
    if (++succeeded_ == options_.half_open_probes) go(breaker_state::closed, now);
  }

  void force_open(time_point now) noexcept { go(breaker_state::forced_open, now); }
  void force_closed(time_point now) noexcept { go(breaker_state::forced_closed, now); }
  void reset(time_point now) noexcept { go(breaker_state::closed, now); }

 private:
  bool rated() const noexcept { return options_.failure_rate != 0.0 || options_.slow_rate != 0.0; }
  duration longest_half_open() const noexcept {
    for (const duration limit : {options_.max_half_open, options_.open_for}) {
      if (limit != duration::zero()) return limit;
    }
    return duration::max();
  }

  void judge(call_result result, bool slow, time_point now) noexcept {
    if (result == call_result::dropped) return;
    const bool failed = result == call_result::failure;
    in_a_row_ = failed ? in_a_row_ + 1 : 0;
    if (options_.failure_threshold != 0 && in_a_row_ >= options_.failure_threshold) return go(breaker_state::open, now);
    if (!rated()) return;
    window_.add(failed, slow, now);
    const call_counts& seen = window_.counts(now);
    if (seen.calls < options_.minimum_calls) return;
    const auto reaches = [&](std::uint64_t some, double rate) {
      return rate != 0.0 && static_cast<double>(some) >= rate * static_cast<double>(seen.calls);
    };
    if (reaches(seen.failures, options_.failure_rate) || reaches(seen.slow, options_.slow_rate)) {
      go(breaker_state::open, now);
    }
  }

  void go(breaker_state next, time_point now) noexcept {
    state_ = next;
    since_ = now;
    ++generation_;
    in_flight_ = succeeded_ = in_a_row_ = 0;
    window_.clear();
  }

  circuit_breaker_options options_;
  breaker_state state_ = breaker_state::closed;
  std::uint64_t generation_ = 1;
  time_point since_{};      // of the state
  unsigned in_a_row_ = 0;   // failures, while closed
  unsigned in_flight_ = 0;  // probes, while half open
  unsigned succeeded_ = 0;  // probes, while half open
  call_window window_;      // while closed, where a rate is on
};

}}}  // namespace workpool::v0::detail
