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

/// How long something took, over many times. Percentiles are at most 1/16 above the true value.
struct histogram_snapshot {
  std::uint64_t count = 0;
  duration sum{}, p50{}, p90{}, p99{}, p999{}, max{};

  /// 0 when nothing was counted.
  duration mean() const noexcept { return count == 0 ? duration{} : sum / static_cast<std::int64_t>(count); }
};

namespace detail {

/// Counts durations in buckets that grow with them: 16 to each power of two, from 1 ns to 73 minutes; what is longer
/// goes to the last one, and into the maximum. Negative durations count as 0.
///
/// Threads: any. Cost: three relaxed additions and a look at the maximum. Memory: 5 KiB.
/// Source: the log-linear buckets of G. Tene's HdrHistogram.
class histogram {
 public:
  void record(duration took) noexcept {
    const std::uint64_t value = took > duration::zero() ? static_cast<std::uint64_t>(took.count()) : 0;
    buckets_[bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
    std::uint64_t known = max_.load(std::memory_order_relaxed);
    while (value > known && !max_.compare_exchange_weak(known, value, std::memory_order_relaxed)) {
    }
  }

  /// While others record, the count is that of the buckets read, and sum and maximum may be a little ahead of it.
  histogram_snapshot snapshot() const noexcept {
    std::array<std::uint64_t, bucket_count> seen{};
    histogram_snapshot now;
    for (std::size_t index = 0; index < bucket_count; ++index) {
      seen[index] = buckets_[index].load(std::memory_order_relaxed);
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
  static constexpr std::size_t bucket_count = (value_bits - fine_bits + 1) * fine;
  using bucket_counts = std::array<std::uint64_t, bucket_count>;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    value = std::min(value, largest);
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
    while (index + 1 < bucket_count && (passed += seen[index]) < rank) ++index;
    const duration top(static_cast<std::int64_t>(top_of(index)));
    return index + 1 == bucket_count ? now.max : std::min(top, now.max);
  }

  std::array<std::atomic<std::uint64_t>, bucket_count> buckets_{};
  std::atomic<std::uint64_t> sum_{0}, max_{0};
};

}  // namespace detail

}}  // namespace workpool::v0
