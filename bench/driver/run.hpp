#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "driver/tally.hpp"
#include "driver/usage.hpp"

/// What all workloads share: the clock, order statistics, and the one line a program prints.
namespace bench {

/// Every contender gets so many threads of its own, beside the one that submits.
inline constexpr std::size_t workers = 2;

using clock = std::chrono::steady_clock;

inline double nanoseconds(clock::duration time) { return std::chrono::duration<double, std::nano>(time).count(); }

/// Gives: the value below or at which the share `p` of the samples lies (nearest rank). `samples` is not empty.
inline double percentile(std::vector<double> samples, double p) {
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(samples.size())));
  const auto at = samples.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(samples.begin(), at, samples.end());
  return *at;
}

inline double median(std::vector<double> samples) { return percentile(std::move(samples), 0.5); }

/// The line of JSON the driver reads: {"version", "metrics": {name: value}, "facts": {name: value}}. Metrics are
/// compared between contenders (less is better, the name ends in its unit); facts are shown beside them.
class report {
 public:
  explicit report(std::string version) : version_(std::move(version)) {}

  report& metric(const char* name, double value) { return add(metrics_, name, value); }
  report& fact(const char* name, double value) { return add(facts_, name, value); }
  report& consumed(const usage& used, std::size_t tasks) {
    const auto each = static_cast<double>(tasks);
    return fact("cpu_ns_per_task", used.cpu_ns / each)
        .fact("switches_per_task", used.switches / each)
        .fact("allocations_per_task", used.allocations / each);
  }

  /// Gives: what main returns.
  int print() const {
    std::printf("{\"version\": \"%s\", \"metrics\": {%s}, \"facts\": {%s}}\n", version_.c_str(), metrics_.c_str(),
                facts_.c_str());
    return 0;
  }

 private:
  report& add(std::string& list, const char* name, double value) {
    char text[128];
    std::snprintf(text, sizeof text, "%s\"%s\": %.6g", list.empty() ? "" : ", ", name, value);
    list += text;
    return *this;
  }

  std::string version_, metrics_, facts_;
};

/// Checks the answer once the pool is gone: each task ran exactly once, on at most `workers` threads and the one that
/// submits, where it may help. Gives: whether that holds; says on standard error what does not.
inline bool all_ran(std::uint64_t expected, std::size_t most_threads = workers) {
  if (tasks_run::total() == expected && tasks_run::threads() <= most_threads) return true;
  std::fprintf(stderr, "wrong answer: %llu tasks ran on %zu threads, expected %llu on at most %zu\n",
               static_cast<unsigned long long>(tasks_run::total()), tasks_run::threads(),
               static_cast<unsigned long long>(expected), most_threads);
  return false;
}

}  // namespace bench
