#include <workpool/monitor/histogram.hpp>

#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <random>
#include <thread>
#include <vector>
#include <workpool/detail/pause.hpp>

using workpool::duration;
using workpool::histogram_snapshot;
using workpool::detail::histogram;
using namespace std::chrono_literals;

namespace {

duration exact(std::vector<std::int64_t>& sorted, double share) {
  const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return duration(sorted[std::max<std::size_t>(rank, 1) - 1]);
}

void check_above_by_at_most_a_sixteenth(duration seen, duration truth) {
  CHECK(seen >= truth);
  CHECK(seen <= truth + truth / 16 + 1ns);
}

}  // namespace

TEST_CASE("a histogram of nothing is all zeros") {
  const histogram_snapshot now = histogram().snapshot();
  CHECK(now.count == 0);
  CHECK(now.p50 == 0ns);
  CHECK(now.p999 == 0ns);
  CHECK(now.max == 0ns);
  CHECK(now.mean() == 0ns);
}

TEST_CASE("one duration is its own percentiles, maximum and mean") {
  for (const duration one :
       {duration(0), duration(1), duration(15), duration(16), duration(17), duration(12'345), duration(1h)}) {
    histogram durations;
    durations.record(one);
    const histogram_snapshot now = durations.snapshot();
    CHECK(now.count == 1);
    CHECK(now.sum == one);
    CHECK(now.max == one);
    CHECK(now.p50 == one);
    CHECK(now.p999 == one);
    CHECK(now.mean() == one);
  }
}

TEST_CASE("percentiles are at most a sixteenth above the true ones") {
  std::mt19937_64 random(11);
  for (int round = 0; round < 50; ++round) {
    histogram durations;
    std::vector<std::int64_t> all;
    const double spread = 1 + static_cast<double>(random() % 30);
    for (int n = 0; n < 3000; ++n) {
      const double power = std::generate_canonical<double, 32>(random) * spread;
      all.push_back(static_cast<std::int64_t>(std::exp2(power)));
      durations.record(duration(all.back()));
    }
    std::sort(all.begin(), all.end());
    const histogram_snapshot now = durations.snapshot();
    CHECK(now.count == 3000);
    check_above_by_at_most_a_sixteenth(now.p50, exact(all, 0.5));
    check_above_by_at_most_a_sixteenth(now.p90, exact(all, 0.9));
    check_above_by_at_most_a_sixteenth(now.p99, exact(all, 0.99));
    check_above_by_at_most_a_sixteenth(now.p999, exact(all, 0.999));
    CHECK(now.max == duration(all.back()));
  }
}

TEST_CASE("no value up to 73 minutes is told by a percentile that is below it, or more than a sixteenth above") {
  constexpr std::int64_t end = std::int64_t{1} << 42;
  for (std::int64_t power = 1; power < end; power *= 2) {
    for (std::int64_t part = 0; part < 16; ++part) {
      for (std::int64_t step = -1; step <= 1; ++step) {
        const duration value(power + part * power / 16 + step);
        histogram durations;
        durations.record(value);
        durations.record(100h);  // so that the maximum is no help
        const duration seen = durations.snapshot().p50;
        REQUIRE(seen >= value);
        REQUIRE(seen <= value + value / 16);
      }
    }
  }
}

TEST_CASE("what is longer than 73 minutes is told as the maximum and disturbs nothing below") {
  histogram durations;
  for (int n = 0; n < 98; ++n) durations.record(73min);
  durations.record(74min);
  durations.record(100h);
  const histogram_snapshot now = durations.snapshot();
  CHECK(now.p90 >= 73min);
  CHECK(now.p90 <= 73min * 17 / 16);
  CHECK(now.p99 == 100h);
  CHECK(now.max == 100h);
}

TEST_CASE("a sum that would be longer than any duration stays the longest one") {
  histogram durations;
  for (int n = 0; n < 3; ++n) durations.record(duration::max());
  durations.record(1ns);
  const histogram_snapshot now = durations.snapshot();
  CHECK(now.count == 4);
  CHECK(now.sum == duration::max());
  CHECK(now.max == duration::max());
  CHECK(now.mean() == duration::max() / 4);
}

TEST_CASE("a histogram takes no more than eight kibibytes") { CHECK(sizeof(histogram) <= 8192U); }

TEST_CASE("what is negative counts as nothing, and what is very long counts in the maximum") {
  histogram durations;
  durations.record(-1h);
  durations.record(100h);
  const histogram_snapshot now = durations.snapshot();
  CHECK(now.count == 2);
  CHECK(now.p50 == 0ns);
  CHECK(now.p99 == 100h);
  CHECK(now.max == 100h);
  CHECK(now.sum == 100h);
}

TEST_CASE("what a snapshot counts is in its sum, its percentiles and its maximum, whenever it is taken") {
  constexpr std::uint64_t each = 3000;
  int looks = 0, sum_behind = 0, percentile_behind = 0, max_behind = 0;
  for (int round = 0; round < 500; ++round) {
    histogram durations;
    std::atomic<bool> begun{false};
    std::thread writer([&] {
      begun = true;
      for (std::uint64_t n = 0; n < each; ++n) durations.record(1h);
    });
    for (workpool::detail::spinner spin; !begun;) spin.once();
    for (histogram_snapshot now; now.count < each; ++looks) {
      now = durations.snapshot();
      if (now.count == 0) continue;
      sum_behind += now.sum < static_cast<std::int64_t>(now.count) * duration(1h);
      percentile_behind += now.p50 < 1h;
      max_behind += now.max < 1h;
    }
    writer.join();
  }
  CHECK(looks >= 500);
  CHECK(sum_behind == 0);
  CHECK(percentile_behind == 0);
  CHECK(max_behind == 0);
}

TEST_CASE("snapshots taken while others record are consistent in themselves") {
  histogram durations;
  std::atomic<bool> done{false};
  std::vector<std::thread> writers;
  writers.reserve(2);
  for (int id = 0; id < 2; ++id) {
    writers.emplace_back([&, id] {
      for (int n = 0; n < 100'000; ++n) durations.record(duration(id * 1000 + n % 777));
    });
  }
  std::uint64_t before = 0;
  bool ordered = true;
  std::thread reader([&] {
    while (!done) {
      const histogram_snapshot now = durations.snapshot();
      ordered = ordered && now.count >= before && now.p50 <= now.p90 && now.p90 <= now.p99 && now.p99 <= now.p999 &&
                now.p999 <= now.max;
      before = now.count;
    }
  });
  for (auto& one : writers) one.join();
  done = true;
  reader.join();
  CHECK(ordered);
  CHECK(durations.snapshot().count == 200'000);
}
