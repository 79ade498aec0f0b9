#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <workpool/core/clock.hpp>
#include <workpool/core/outcome.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// What has to let an attempt of a task in, and is told how it ended. Threads: enter() by who submits or starts it,
/// leave() by who ends it.
class attempt_gate {
 public:
  attempt_gate() = default;
  attempt_gate(const attempt_gate&) = delete;
  attempt_gate& operator=(const attempt_gate&) = delete;
  virtual ~attempt_gate() = default;
  virtual bool enter() noexcept = 0;
  virtual void leave(outcome how) noexcept = 0;
};

/// Whether, and when, a task that has failed is run again. Threads: may_follow() any; the rest by whoever runs it.
class attempt_plan {
 public:
  attempt_plan() = default;
  attempt_plan(const attempt_plan&) = delete;
  attempt_plan& operator=(const attempt_plan&) = delete;
  virtual ~attempt_plan() = default;
  /// An attempt begins.
  virtual void begin() noexcept = 0;
  /// Whether there may be another attempt when so many have ended.
  virtual bool may_follow(std::uint32_t ended) const noexcept = 0;
  /// An attempt has ended so. Gives: after how long, less than `most`, there is to be another one, if at all. Throws:
  /// what code of the user throws.
  virtual std::optional<duration> next(outcome how, const std::exception_ptr& error, duration most) = 0;
};

/// What only some tasks have.
struct task_details {
  std::string name;
  duration timeout = duration::max();         // of one attempt
  time_point expires_at = time_point::max();  // if it has not started by then
  std::uint64_t key = 0;
  std::unique_ptr<attempt_gate> gate{};
  std::unique_ptr<attempt_plan> plan{};
  bool outside_queue = false;        // takes no place in the queue
  std::atomic<bool> delayed{false};  // its time has not come; whoever resets it takes it out of the count
};

}}}  // namespace workpool::v0::detail
