#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <workpool/core/clock.hpp>

namespace workpool { inline namespace v0 {

/// How long something took, over many times. A percentile is never below the true value and at most 1/16 above it; one
/// of more than 73 minutes is the maximum.
struct histogram_snapshot {
  std::uint64_t count = 0;
  duration sum{}, p50{}, p90{}, p99{}, p999{}, max{};

  /// 0 when nothing was counted.
  duration mean() const noexcept { return count == 0 ? duration{} : sum / static_cast<std::int64_t>(count); }
};

namespace detail {

/// Counts durations in buckets that grow with them: 16 to each power of two, from 1 ns to 73 minutes, and one for what
/// is longer. Negative durations count as 0; the sum saturates.
///
/// Threads: any. Cost: two additions and a look at the maximum. Memory: 5 KiB.
/// Source: the log-linear buckets of G. Tene's HdrHistogram.
class histogram {
 public:
  void record(duration took) noexcept {
    const std::uint64_t value = took > duration::zero() ? static_cast<std::uint64_t>(took.count()) : 0;
    std::uint64_t sum = sum_.load(std::memory_order_relaxed);
    while (!sum_.compare_exchange_weak(sum, std::min(sum + value, longest), std::memory_order_relaxed)) {
    }
    std::uint64_t max = max_.load(std::memory_order_relaxed);
    while (value > max && !max_.compare_exchange_weak(max, value, std::memory_order_relaxed)) {
    }
    // Last and released: whoever reads the count, and sum and maximum after it, finds the duration in all three.
    buckets_[bucket_of(value)].fetch_add(1, std::memory_order_release);
  }

  /// While others record, the count is that of the buckets read; sum and maximum have all of it, and may be ahead by
  /// what is just being recorded.
  histogram_snapshot snapshot() const noexcept {
    std::array<std::uint64_t, bucket_count> seen{};
    histogram_snapshot now;
    for (std::size_t index = 0; index < bucket_count; ++index) {
      seen[index] = buckets_[index].load(std::memory_order_acquire);
      now.count += seen[index];
    }
    now.sum = duration(static_cast<std::int64_t>(sum_.load(std::memory_order_relaxed)));
    now.max = duration(static_cast<std::int64_t>(max_.load(std::memory_order_relaxed)));
    now.p50 = quantile(seen, now, 0.50);
    now.p90 = quantile(seen, now, 0.90);
    now.p99 = quantile(seen, now, 0.99);
    now.p999 = quantile(seen, now, 0.999);
    return now;
  }

 private:
  static constexpr unsigned fine_bits = 4;
  static constexpr std::uint64_t fine = std::uint64_t{1} << fine_bits;  // buckets to a power of two
  static constexpr unsigned value_bits = 42;
  static constexpr std::uint64_t largest = (std::uint64_t{1} << value_bits) - 1;
  static constexpr std::size_t beyond = (value_bits - fine_bits + 1) * fine;  // the bucket of what is longer
  static constexpr std::size_t bucket_count = beyond + 1;
  static constexpr auto longest = static_cast<std::uint64_t>(duration::max().count());
  using bucket_counts = std::array<std::uint64_t, bucket_count>;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value > largest) return beyond;
    if (value < fine) return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
    return static_cast<std::size_t>((shift + 1) * fine + ((value >> shift) & (fine - 1)));
  }

  // The largest value of a bucket.
  static std::uint64_t top_of(std::size_t index) noexcept {
    if (index < fine) return index;
    const std::size_t shift = index / fine - 1;
    return ((fine + index % fine + 1) << shift) - 1;
  }

  static duration quantile(const bucket_counts& seen, const histogram_snapshot& now, double share) noexcept {
    if (now.count == 0) return {};
    const auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(now.count)));
    std::uint64_t passed = 0;
    std::size_t index = 0;
    while (index < beyond && (passed += seen[index]) < rank) ++index;
    return index == beyond ? now.max : std::min(duration(static_cast<std::int64_t>(top_of(index))), now.max);
  }

  std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
  std::atomic<std::uint64_t> sum_{0}, max_{0};  // never behind the buckets; at most `longest`
};

}  // namespace detail

}}  // namespace workpool::v0
