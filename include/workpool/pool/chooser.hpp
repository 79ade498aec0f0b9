#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <workpool/core/clock.hpp>
#include <workpool/core/in_words.hpp>
#include <workpool/select/round_robin.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace detail {

/// Asks a strategy, and makes do where it fails: one that throws, or answers with a worker that is not there or takes
/// no tasks, is a fault, counted, and round robin picks in its place.
///
/// Threads: one at a time, but faults() by any.
template <selection_strategy Selection>
class chooser {
 public:
  explicit chooser(Selection selection) : selection_(std::move(selection)) {}

  Selection& selection() noexcept { return selection_; }

  /// Gives: an index into the span, of one that takes tasks; or none.
  std::optional<std::size_t> choose(std::span<const worker_view> workers, const task_view& task) noexcept {
    std::optional<std::size_t> picked;
    try {
      picked = selection_.select(workers, task);
      if (!picked || (*picked < workers.size() && takes_tasks(workers[*picked]))) return picked;
    } catch (const std::exception& error) {
      fault([&] { return std::string("threw: ") + error.what(); });
      return instead_.select(workers, task);
    } catch (...) {
      fault([] { return std::string("threw something that is no std::exception"); });
      return instead_.select(workers, task);
    }
    fault([&] {
      if (*picked < workers.size()) return "picked " + describe(workers[*picked]) + ", which takes no tasks";
      return "answered " + std::to_string(*picked) + ", and " + in_words(workers.size(), "worker") + " could be picked";
    });
    return instead_.select(workers, task);
  }

  /// What the strategy says a worker weighs; 1 where it says nothing.
  unsigned weight_of(const worker_view& worker) const noexcept {
    if constexpr (weighing_strategy<Selection>) {
      return selection_.weight_of(worker);
    } else {
      return worker.weight;
    }
  }

  /// Whether a pick for this task is not to be corrected.
  static constexpr bool pins([[maybe_unused]] std::uint64_t key) noexcept {
    if constexpr (pinning_strategy<Selection>) {
      return key != 0;
    } else {
      return false;
    }
  }

  std::uint64_t faults() const noexcept { return faults_.load(std::memory_order_relaxed); }

  /// Gives: what the strategy did last, if that is to be told now: once a second at most.
  std::optional<std::string> news(time_point now) noexcept {
    if (!has_news() || (told_at_ && now < *told_at_ + std::chrono::seconds(1))) return std::nullopt;
    told_at_ = now;
    return std::exchange(untold_, {});
  }
  bool has_news() const noexcept { return !untold_.empty(); }

 private:
  static std::string describe(const worker_view& worker) { return "worker " + std::to_string(worker.id); }

  template <class Text>
  void fault(Text text) noexcept {
    faults_.fetch_add(1, std::memory_order_relaxed);
    try {
      untold_ = "the selection strategy " + text() + "; round robin picked in its place";
    } catch (const std::bad_alloc&) {  // it is counted all the same
    }
  }

  Selection selection_;
  select::round_robin instead_;
  std::atomic<std::uint64_t> faults_{0};
  std::string untold_;  // empty: nothing
  std::optional<time_point> told_at_;
};

}}}  // namespace workpool::v0::detail
