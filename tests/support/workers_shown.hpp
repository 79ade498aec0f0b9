#pragma once

#include <cstddef>
#include <vector>
#include <workpool/select/selection_strategy.hpp>

namespace workpool_test {

/// What a pool shows to a strategy: `count` idle workers that have done nothing, numbered from 0.
inline std::vector<workpool::worker_view> idle_workers(std::size_t count) {
  std::vector<workpool::worker_view> shown;
  for (std::size_t n = 0; n < count; ++n) {
    shown.push_back({static_cast<workpool::worker_id>(n), workpool::worker_state::idle, 1, 0, 0, {}});
  }
  return shown;
}

/// The numbers of the workers that `strategy` picks in so many picks; -1: nobody.
template <class Strategy>
std::vector<int> picks(Strategy& strategy, const std::vector<workpool::worker_view>& shown, std::size_t count) {
  std::vector<int> picked;
  for (std::size_t n = 0; n < count; ++n) {
    const auto index = strategy.select(shown, {n + 1, workpool::priority::normal, 0});
    picked.push_back(index ? static_cast<int>(shown[*index].id) : -1);
  }
  return picked;
}

/// How often each of `workers` workers is in `picked`.
inline std::vector<std::size_t> tally(const std::vector<int>& picked, std::size_t workers) {
  std::vector<std::size_t> counts(workers);
  for (const int one : picked) {
    if (one >= 0) ++counts.at(static_cast<std::size_t>(one));
  }
  return counts;
}

}  // namespace workpool_test
