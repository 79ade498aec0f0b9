#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <workpool/core/clock.hpp>
#include <workpool/worker/task_batch.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// How many tasks a worker may take at a time: one to begin with, twice as many each time they proved short, and one
/// again when they did not. A pure machine; the worker says what it has run and when.
///
/// What lies in a worker's hand is overtaken by what others take later. For tasks that do nothing but compute that is
/// of no interest. Some wait for one another, though, and with them a pool must not fall behind the order they were
/// submitted in: two that meet at a barrier could otherwise each keep the other's partner waiting. Such tasks are not
/// short, and for long ones a batch saves nothing that could be measured.
class batch_limit {
 public:
  static constexpr duration short_task = std::chrono::microseconds(1);  // a batch of 32 saves 0.1 µs a task

  std::size_t now() const noexcept { return limit_; }

  /// Tasks have been taken. `claimed`: how many the worker has ever claimed before. Units: any time that does not go
  /// back.
  void taken(unsigned claimed, time_point when) noexcept {
    const unsigned ran = claimed - claimed_;
    const bool were_short = ran != 0 && when - when_ <= ran * short_task;
    limit_ = were_short ? std::min(2 * limit_, task_batch::capacity) : 1;
    claimed_ = claimed;
    when_ = when;
  }

 private:
  std::size_t limit_ = 1;
  unsigned claimed_ = 0;
  time_point when_{};
};

}}}  // namespace workpool::v0::detail
