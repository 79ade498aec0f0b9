#pragma once
#include <cstdint>
#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How a process is brought to its end, as a pure machine: it is asked, then told, then killed, each with its time.
///
///     climb(ask) ──abort_grace──► tell ──kill_timeout──► kill
///
/// Threads: one at a time.
class kill_ladder {
 public:
  enum class rung : std::uint8_t { none, ask, tell, kill };

  kill_ladder(duration abort_grace, duration kill_timeout) noexcept
      : abort_grace_(abort_grace), kill_timeout_(kill_timeout) {}

  rung current() const noexcept { return rung_; }
  /// When due() is to be called; time_point::max(): never.
  time_point deadline() const noexcept { return deadline_; }

  /// Begins with this rung, or goes up to it; never down. Gives: the rung to act on; none where it stands there
  /// already.
  rung climb(rung to, time_point now) noexcept {
    if (to <= rung_) return rung::none;
    rung_ = to;
    deadline_ = to == rung::ask ? after(now, abort_grace_) : to == rung::tell ? after(now, kill_timeout_) : never;
    return to;
  }

  /// The deadline has passed; before it nothing happens. Gives: the rung to act on.
  rung due(time_point now) noexcept {
    if (now < deadline_) return rung::none;
    return climb(rung_ == rung::ask ? rung::tell : rung::kill, now);
  }

 private:
  static constexpr time_point never = time_point::max();

  duration abort_grace_, kill_timeout_;
  rung rung_ = rung::none;
  time_point deadline_ = never;
};

}}}  // namespace workpool::v0::detail
