#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>
#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 { namespace detail {

struct call_counts {
  std::uint64_t calls = 0, failures = 0, slow = 0;

  call_counts& operator+=(const call_counts& other) noexcept {
    calls += other.calls;
    failures += other.failures;
    slow += other.slow;
    return *this;
  }
  call_counts& operator-=(const call_counts& other) noexcept {
    calls -= other.calls;
    failures -= other.failures;
    slow -= other.slow;
    return *this;
  }
  bool operator==(const call_counts&) const = default;
};

/// How the last calls went: the last so many, or those of the last so long.
///
/// By time it is kept in ten slices, and a whole slice leaves at a time: a call counts for at least nine and at most
/// ten tenths of the length. Threads: one at a time. Memory: one byte a call, or ten counts.
class call_window {
 public:
  /// The last `calls` calls, at least one. Throws: std::bad_alloc.
  explicit call_window(unsigned calls) : last_(calls) {}
  /// The calls of the last `length`, more than 0.
  explicit call_window(duration length) : slice_((length - duration(1)) / slice_count + duration(1)) {}

  void add(bool failed, bool slow, time_point now) noexcept {
    const call_counts one{1, failed ? 1U : 0U, slow ? 1U : 0U};
    if (last_.empty()) {
      let_go(now);
      slices_[static_cast<std::size_t>(newest_ % slice_count)] += one;
      counts_ += one;
      return;
    }
    counts_ += one;
    call& oldest = last_[next_];
    next_ = next_ + 1 == last_.size() ? 0 : next_ + 1;
    if (oldest.there) counts_ -= {1, oldest.failed ? 1U : 0U, oldest.slow ? 1U : 0U};
    oldest = {true, failed, slow};
  }

  const call_counts& counts(time_point now) noexcept {
    if (last_.empty()) let_go(now);
    return counts_;
  }

  void clear() noexcept {
    for (call& one : last_) one = {};
    slices_ = {};
    counts_ = {};
  }

 private:
  struct call {
    bool there : 1 = false, failed : 1 = false, slow : 1 = false;
  };

  // Forgets the slices that have become too old. A clock that stands still, or behind, changes nothing.
  void let_go(time_point now) noexcept {
    const std::int64_t slice = now.time_since_epoch() / slice_;
    if (slice - newest_ >= slice_count) {
      for (call_counts& one : slices_) counts_ -= std::exchange(one, {});
      newest_ = slice;
    }
    while (newest_ < slice) {
      ++newest_;
      counts_ -= std::exchange(slices_[static_cast<std::size_t>(newest_ % slice_count)], {});
    }
  }

  static constexpr std::int64_t slice_count = 10;

  std::vector<call> last_;  // a ring, empty in a window of time
  std::size_t next_ = 0;    // the oldest of them
  duration slice_{1};
  std::int64_t newest_ = 0;  // the number of the slice of the last look
  std::array<call_counts, static_cast<std::size_t>(slice_count)> slices_{};
  call_counts counts_;  // of all that is in the window
};

}}}  // namespace workpool::v0::detail
