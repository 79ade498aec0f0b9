#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <workpool/core/clock.hpp>
#include <workpool/core/task.hpp>
#include <workpool/detail/posix/leave_now.hpp>
#include <workpool/detail/posix/process_mark.hpp>
#include <workpool/worker/call_mark.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Calls that a worker process makes one after the other before it answers, for a short time: its host may have
/// something more urgent to do. The task they run as has the number of the one that runs.
/// Threads: the one that runs tasks; end_soon() any thread of its body.
class call_run {
 public:
  /// `ever`: how many calls this process has begun; counted on. The first call begins with the run, of a request that
  /// was sent in this turn.
  call_run(call_mark& mark, std::uint64_t& ever, std::uint32_t turn, task& self) noexcept
      : mark_(mark), ever_(ever), turn_(turn), self_(self), wanted_(mark.begin(++ever, turn)) {}
  call_run(const call_run&) = delete;
  call_run& operator=(const call_run&) = delete;

  /// Whether its first call may be made: it was not taken back before that.
  bool is_wanted() const noexcept { return wanted_; }
  /// `before`: how many calls of this task have returned already, in earlier runs.
  void start(std::uint64_t before) noexcept {
    self_.describe_as(self_.id() + before, self_.lane());
    until_ = after(steady::now(), longest);
  }
  /// Gives: whether the next call is to be made. Does not return in a child that the last one has forked: it has done
  /// what it was forked for.
  bool begin() noexcept {
    if (!home_.same()) leave_now(0);
    if (begun_ != 0) {
      if (!mark_.begin(++ever_, turn_)) return false;
      self_.describe_as(self_.id() + 1, self_.lane());
    }
    ++begun_;
    return true;
  }
  /// Whether the host is to hear of those that have returned before there is another one.
  bool is_over() noexcept {
    if (ends_soon_.load(std::memory_order_relaxed)) return true;
    if (begun_ < next_look_) return false;
    next_look_ = begun_ + std::min(begun_, most_unseen);
    return steady::now() >= until_;
  }
  /// After the call that runs.
  void end_soon() noexcept { ends_soon_.store(true, std::memory_order_relaxed); }

 private:
  static constexpr duration longest = std::chrono::milliseconds(1);
  static constexpr std::uint64_t most_unseen = 8;  // calls: a look at the clock costs more than an empty one

  const process_mark home_ = process_mark::current();
  call_mark& mark_;
  std::uint64_t& ever_;
  const std::uint32_t turn_;
  task& self_;
  const bool wanted_;
  std::uint64_t begun_ = 0;
  std::uint64_t next_look_ = 1;  // at the clock
  time_point until_{};
  std::atomic<bool> ends_soon_{false};
};

}}}  // namespace workpool::v0::detail
