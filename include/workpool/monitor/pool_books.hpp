#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <workpool/core/outcome.hpp>
#include <workpool/core/priority.hpp>
#include <workpool/detail/cache_line.hpp>
#include <workpool/detail/thread_number.hpp>
#include <workpool/monitor/pool_stats.hpp>

/// Counters of a pool, kept where they cost least and read in an order in which they cannot contradict each other.
///
/// A task is counted as accepted before anybody can take it, as delayed and no longer delayed before it enters the
/// queue, as started before its body runs, and as settled before its waiters are told. A reader goes the other way
/// round: settled first, then withdrawn, started, the end of delays, their begin, accepted. So what it sees of a task's
/// later stages is never more than what it sees of the earlier ones, and what a task is doing now follows by
/// subtraction: running = started - settled, queued = accepted - started - withdrawn - delayed.
/// A task that is run again goes back and forth: attempt_books says what that adds to the one and takes from the other.
namespace workpool { inline namespace v0 { namespace detail {

using counter = std::atomic<std::uint64_t>;
using lane_counts = std::array<std::uint64_t, priority_count>;
using outcome_counts = std::array<std::uint64_t, outcome_count>;

inline constexpr std::uint64_t timed_share = 64;  // a look at the clock costs about as much as running a task

enum class writers : std::uint8_t { one, many };

/// What happens to started tasks. A worker has its own and is its only writer; guests share one.
class alignas(cache_line) run_books {
 public:
  explicit run_books(writers who) noexcept : who_(who) {}

  /// A worker's own tasks have submitted one. Gives: as accept() of intake_books.
  bool accept(priority lane) noexcept {
    counter& one = accepted_[lane_index(lane)];
    const std::uint64_t before = one.load(std::memory_order_relaxed);
    one.store(before + 1, std::memory_order_relaxed);
    return before % timed_share == 0;
  }
  void retract(priority lane) noexcept {
    counter& one = accepted_[lane_index(lane)];
    one.store(one.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }
  void start(priority lane) noexcept { add(started_[lane_index(lane)]); }
  /// One that was counted as started had not begun.
  void take_back(priority lane) noexcept { add(started_[lane_index(lane)], ~std::uint64_t{0}); }
  void settle(outcome result) noexcept { add(settled_[static_cast<std::size_t>(result)]); }
  /// So many that have started and are settled already.
  void run_through(priority lane, outcome result, std::uint64_t count) noexcept {
    add(started_[lane_index(lane)], count);
    add(settled_[static_cast<std::size_t>(result)], count);
  }

  void add_settled_to(outcome_counts& sum) const noexcept {
    for (std::size_t one = 0; one < outcome_count; ++one) sum[one] += settled_[one].load(std::memory_order_acquire);
  }
  void add_started_to(lane_counts& sum) const noexcept {
    for (std::size_t lane = 0; lane < priority_count; ++lane)
      sum[lane] += started_[lane].load(std::memory_order_acquire);
  }
  void add_accepted_to(lane_counts& sum) const noexcept {
    for (std::size_t lane = 0; lane < priority_count; ++lane)
      sum[lane] += accepted_[lane].load(std::memory_order_acquire);
  }
  std::uint64_t settled(outcome result) const noexcept {
    return settled_[static_cast<std::size_t>(result)].load(std::memory_order_relaxed);
  }

 private:
  void add(counter& one, std::uint64_t count = 1) noexcept {
    if (who_ == writers::one) {
      one.store(one.load(std::memory_order_relaxed) + count, std::memory_order_release);
    } else {
      one.fetch_add(count, std::memory_order_release);
    }
  }

  friend class books_list;
  const writers who_;
  const run_books* next_ = nullptr;  // in a books_list
  std::array<counter, priority_count> accepted_{};
  std::array<counter, priority_count> started_{};
  std::array<counter, outcome_count> settled_{};
};

/// The tasks that were put back after an attempt, and those that have begun a further one. Behind a lock: a reader who
/// saw a task come back and not go again would find more tasks at work than there are.
class attempt_books {
 public:
  struct counts {
    lane_counts put_back{}, begun{};
  };

  /// Counts a task as put back if `put_back()` says so. Gives: what it says.
  template <class PutBack>
  bool put_back_if(priority lane, PutBack put_back) noexcept {
    const std::lock_guard hold(mutex_);
    if (!put_back()) return false;
    ++now_.put_back[lane_index(lane)];
    return true;
  }
  /// Calls `change()` while nothing is counted here, nor read. Gives: what it gives.
  template <class Change>
  bool when_still(Change change) noexcept {
    const std::lock_guard hold(mutex_);
    return change();
  }
  void begin(priority lane) noexcept {
    const std::lock_guard hold(mutex_);
    ++now_.begun[lane_index(lane)];
  }
  /// Calls `use(counts)`, and until it returns nothing is counted here.
  template <class Use>
  void hold(Use use) const noexcept {
    const std::lock_guard hold(mutex_);
    use(now_);
  }

 private:
  mutable std::mutex mutex_;
  counts now_;  // guarded by mutex_
};

/// The run_books of a pool, also while workers are added. Threads: add() one at a time, for_each() any.
class books_list {
 public:
  void add(run_books& one) noexcept {
    one.next_ = first_.load(std::memory_order_relaxed);
    first_.store(&one, std::memory_order_release);
  }
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const run_books* one = first_.load(std::memory_order_acquire); one != nullptr; one = one->next_) visit(*one);
  }

 private:
  std::atomic<const run_books*> first_{nullptr};
};

/// What happens before a task starts: acceptance, rejection, withdrawal. Spread over lines by thread.
class intake_books {
 public:
  /// Gives: whether this task is one of those to be timed: the first one of a stripe and every 64th after it.
  bool accept(priority lane) noexcept {
    return mine().accepted[lane_index(lane)].fetch_add(1, std::memory_order_relaxed) % timed_share == 0;
  }
  void retract(priority lane) noexcept { mine().accepted[lane_index(lane)].fetch_sub(1, std::memory_order_relaxed); }
  /// So many at once; modulo 2^64, so that they can be taken back.
  void accept_more(priority lane, std::uint64_t count) noexcept {
    mine().accepted[lane_index(lane)].fetch_add(count, std::memory_order_relaxed);
  }

  /// The same for callers of which those with the same `slot` never overlap: nothing is locked.
  bool accept(priority lane, std::size_t slot) noexcept {
    counter& one = stripes_[slot % stripe_count].accepted_in_turn[lane_index(lane)];
    const std::uint64_t before = one.load(std::memory_order_relaxed);
    one.store(before + 1, std::memory_order_relaxed);
    return before % timed_share == 0;
  }
  void retract(priority lane, std::size_t slot) noexcept {
    counter& one = stripes_[slot % stripe_count].accepted_in_turn[lane_index(lane)];
    one.store(one.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
  }

  void reject(std::uint64_t count = 1) noexcept { mine().rejected.fetch_add(count, std::memory_order_relaxed); }
  void withdraw(priority lane, outcome result, std::uint64_t count = 1) noexcept {
    withdrawn_[lane_index(lane)][static_cast<std::size_t>(result)].fetch_add(count, std::memory_order_release);
  }

  /// A task that has been accepted waits outside the queue; it no longer does.
  void begin_delay(priority lane) noexcept { delays_begun_[lane_index(lane)].fetch_add(1, std::memory_order_release); }
  void end_delay(priority lane) noexcept { delays_ended_[lane_index(lane)].fetch_add(1, std::memory_order_release); }
  /// The same if `ends()` says so; before it is counted nobody begins a further attempt. Gives: what it says.
  template <class Ends>
  bool end_delay_if(priority lane, Ends ends) noexcept {
    return attempts_.when_still([&] {
      if (!ends()) return false;
      end_delay(lane);
      return true;
    });
  }
  attempt_books& attempts() noexcept { return attempts_; }
  const attempt_books& attempts() const noexcept { return attempts_; }
  lane_counts delays_begun() const noexcept { return read(delays_begun_); }
  lane_counts delays_ended() const noexcept { return read(delays_ended_); }

  lane_counts accepted() const noexcept {
    lane_counts sum{};
    for (const stripe& one : stripes_) {
      for (std::size_t lane = 0; lane < priority_count; ++lane) {
        sum[lane] += one.accepted[lane].load(std::memory_order_acquire);
        sum[lane] += one.accepted_in_turn[lane].load(std::memory_order_acquire);
      }
    }
    return sum;
  }
  std::uint64_t rejected() const noexcept {
    std::uint64_t sum = 0;
    for (const stripe& one : stripes_) sum += one.rejected.load(std::memory_order_relaxed);
    return sum;
  }
  /// Adds withdrawn tasks to `outcomes`. Gives: how many per lane.
  lane_counts withdrawn(outcome_counts& outcomes) const noexcept {
    lane_counts sum{};
    for (std::size_t lane = 0; lane < priority_count; ++lane) {
      for (std::size_t one = 0; one < outcome_count; ++one) {
        const std::uint64_t count = withdrawn_[lane][one].load(std::memory_order_acquire);
        sum[lane] += count;
        outcomes[one] += count;
      }
    }
    return sum;
  }

 private:
  struct alignas(cache_line) stripe {
    std::array<counter, priority_count> accepted_in_turn{};
    std::array<counter, priority_count> accepted{};  // may wrap below 0 in one stripe; the sum never does
    counter rejected{0};
  };
  static constexpr std::size_t stripe_count = 32;  // threads that submit at the same time without sharing a line

  using lane_counters = std::array<counter, priority_count>;
  static lane_counts read(const lane_counters& counters) noexcept {
    lane_counts seen{};
    for (std::size_t lane = 0; lane < priority_count; ++lane)
      seen[lane] = counters[lane].load(std::memory_order_acquire);
    return seen;
  }

  stripe& mine() noexcept { return stripes_[thread_number() % stripe_count]; }

  std::array<stripe, stripe_count> stripes_{};
  alignas(cache_line) std::array<std::array<counter, outcome_count>, priority_count> withdrawn_{};
  lane_counters delays_begun_{}, delays_ended_{};
  attempt_books attempts_;
};

/// The sums of one reading.
struct book_sums {
  outcome_counts outcomes{};
  std::uint64_t settled = 0;  // of the started ones
  lane_counts withdrawn{}, started{}, delays_ended{}, delays_begun{}, accepted{};
  attempt_books::counts attempts{};

  static std::uint64_t total(const lane_counts& lanes) noexcept {
    return std::accumulate(lanes.begin(), lanes.end(), std::uint64_t{0});
  }

  /// `for_each_run(f)` calls f with every run_books of the pool.
  template <class ForEachRun>
  static book_sums read(const intake_books& intake, ForEachRun for_each_run) {
    book_sums sums;
    intake.attempts().hold([&](const attempt_books::counts& now) {
      sums.attempts = now;
      for_each_run([&](const run_books& run) { run.add_settled_to(sums.outcomes); });
      sums.settled = std::accumulate(sums.outcomes.begin(), sums.outcomes.end(), std::uint64_t{0});
      sums.withdrawn = intake.withdrawn(sums.outcomes);
      for_each_run([&](const run_books& run) { run.add_started_to(sums.started); });
      sums.delays_ended = intake.delays_ended();
      sums.delays_begun = intake.delays_begun();
      sums.accepted = intake.accepted();
      for_each_run([&](const run_books& run) { run.add_accepted_to(sums.accepted); });
    });
    return sums;
  }

  /// Whether every accepted task has reached its outcome.
  bool balanced() const noexcept { return total(accepted) == settled + total(withdrawn); }

  void write_to(pool_stats& stats, std::uint64_t rejected) const noexcept {
    stats.accepted = total(accepted);
    stats.rejected = rejected;
    stats.submitted = stats.accepted + rejected;
    stats.started = total(started);
    stats.completed = of(outcome::value);
    stats.failed = of(outcome::failed);
    stats.cancelled = of(outcome::cancelled);
    stats.expired = of(outcome::expired);
    stats.timed_out = of(outcome::timed_out);
    stats.worker_lost = of(outcome::worker_lost);
    stats.discarded = of(outcome::discarded);
    stats.pool_broken = of(outcome::pool_broken);
    stats.retried = total(attempts.begun);
    stats.running = stats.started + stats.retried - total(attempts.put_back) - settled;
    for (std::size_t lane = 0; lane < priority_count; ++lane) {
      const std::uint64_t delayed = delays_begun[lane] - delays_ended[lane];
      stats.delayed += delayed;
      const std::uint64_t waiting_again = attempts.put_back[lane] - attempts.begun[lane];
      stats.queued_by_priority[lane] = accepted[lane] + waiting_again - started[lane] - withdrawn[lane] - delayed;
      stats.queued += stats.queued_by_priority[lane];
    }
  }

  std::uint64_t of(outcome one) const noexcept { return outcomes[static_cast<std::size_t>(one)]; }
};

}}}  // namespace workpool::v0::detail
