#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "driver/run.hpp"

namespace bench {

/// A fixed amount of arithmetic that takes about a microsecond, for tasks that are to last a known time. It is a number
/// of steps and not a time on the clock, so that a thread which is interrupted has to make up for it.
class work_unit {
 public:
  work_unit() {
    constexpr std::uint64_t trial = 200'000;
    double best = 1e9;
    for (int i = 0; i < 10; ++i) {
      const auto start = clock::now();
      spin(trial);
      best = std::min(best, nanoseconds(clock::now() - start) / trial);
    }
    steps_ = static_cast<std::uint64_t>(1000 / best);
  }

  /// The unit that another process has found.
  explicit work_unit(std::uint64_t steps) : steps_(steps) {}
  std::uint64_t steps() const { return steps_; }

  void spend(std::size_t units) const {
    for (std::size_t i = 0; i < units; ++i) spin(steps_);
  }

  /// Gives: the nanoseconds a unit takes while as many threads as there are workers do nothing else: median of many
  /// samples. `ideal` is this times the units over the number of workers.
  double nanoseconds_each() const {
    constexpr std::size_t units = 250, samples = 20;
    std::vector<double> took(workers * samples);
    std::atomic<std::size_t> ready{0};
    const auto measure = [&](std::size_t thread) {
      ready.fetch_add(1);
      while (ready.load() < workers) std::this_thread::yield();
      for (std::size_t i = 0; i < samples; ++i) {
        const auto start = clock::now();
        spend(units);
        took[thread * samples + i] = nanoseconds(clock::now() - start) / units;
      }
    };
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < workers; ++i) threads.emplace_back(measure, i);
    measure(0);
    threads.clear();
    return median(took);
  }

 private:
  // Not inlined, so that every body runs the very instructions that were calibrated.
  [[gnu::noinline]] static void spin(std::uint64_t steps) {
    std::uint64_t value = steps;
    for (std::uint64_t i = 0; i < steps; ++i) value = value * 6364136223846793005u + 1442695040888963407u;
    asm volatile("" : : "r"(value));
  }

  std::uint64_t steps_;
};

}  // namespace bench
