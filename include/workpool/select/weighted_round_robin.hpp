#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <utility>
#include <vector>
#include <workpool/core/error.hpp>
#include <workpool/select/selection_strategy.hpp>

namespace workpool { inline namespace v0 { namespace select {

/// Each worker as often as its weight says, and as evenly spread as that allows: weights 5, 1, 1 give a a b a c a a. Of
/// the first Σ weights picks, and of every further so many, each worker has exactly its weight, as long as the same
/// workers take tasks. Weight 0 is never picked.
///
/// A table gives the weights by worker id; workers beyond it weigh what the pool says, which is 1, and a table may be
/// longer than the pool has workers. Threads: one at a time. Cost: one look at each worker.
/// Source: the smooth weighted round robin of nginx (2012): every worker's standing grows by its weight, the highest is
/// picked and falls by the sum of all.
class weighted_round_robin {
 public:
  weighted_round_robin() = default;
  /// Throws: bad_config for no weights at all, and where all are 0.
  explicit weighted_round_robin(std::vector<unsigned> weights) : weights_(checked(std::move(weights))) {}

  /// From now on, and from the beginning. Throws: bad_config as above, and then nothing has changed.
  void set_weights(std::vector<unsigned> weights) {
    weights_ = checked(std::move(weights));
    standings_.clear();
  }

  /// What the table says of a worker.
  unsigned weight_of(const worker_view& worker) const noexcept {
    return worker.id < weights_.size() ? weights_[worker.id] : worker.weight;
  }

  std::optional<std::size_t> select(std::span<const worker_view> workers, const task_view&) noexcept {
    if (!make_room(workers)) return std::nullopt;
    std::int64_t sum = 0;
    std::optional<std::size_t> best;
    std::int64_t highest = 0;
    for (std::size_t n = 0; n < workers.size(); ++n) {
      const std::int64_t weight = takes_tasks(workers[n]) ? weight_of(workers[n]) : 0;
      if (weight == 0) continue;
      sum += weight;
      std::int64_t& mine = standing_of(workers[n], n);
      mine += weight;
      if (best && mine <= highest) continue;
      best = n;
      highest = mine;
    }
    if (best) standing_of(workers[*best], *best) -= sum;
    return best;
  }

 private:
  struct standing {
    worker_id worker;
    std::int64_t value;
  };

  static std::vector<unsigned> checked(std::vector<unsigned> weights) {
    if (weights.empty()) throw bad_config("weights", "weights is empty: give one for each worker, by its number");
    if (std::all_of(weights.begin(), weights.end(), [](unsigned one) { return one == 0; })) {
      throw bad_config("weights", "weights are all 0: give at least one worker a weight of 1 or more");
    }
    return weights;
  }

  auto find(worker_id worker, std::size_t hint) noexcept {
    const auto there = standings_.begin() + static_cast<std::ptrdiff_t>(std::min(hint, standings_.size()));
    if (there != standings_.end() && there->worker == worker) return there;  // as in the pick before
    return std::find_if(standings_.begin(), standings_.end(),
                        [&](const standing& one) { return one.worker == worker; });
  }
  std::int64_t& standing_of(const worker_view& worker, std::size_t hint) noexcept {
    return find(worker.id, hint)->value;
  }

  // Gives: whether every worker shown has a standing.
  bool make_room(std::span<const worker_view> workers) noexcept {
    for (std::size_t n = 0; n < workers.size(); ++n) {
      if (find(workers[n].id, n) != standings_.end()) continue;
      try {
        standings_.push_back({workers[n].id, 0});
      } catch (const std::bad_alloc&) {
        return false;
      }
    }
    return true;
  }

  std::vector<unsigned> weights_;    // by worker id
  std::vector<standing> standings_;  // of every worker ever shown
};

static_assert(weighing_strategy<weighted_round_robin>);

}}}  // namespace workpool::v0::select
