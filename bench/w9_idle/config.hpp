#pragma once
#include <algorithm>
#include <thread>

#include "driver/run.hpp"

/// W9: what a pool costs that has nothing, or hardly anything, to do.
/// idle_percent: CPU time of eight workers, which have worked and then rested for 0.3 s, over the next 2 s, as a share
/// of one core. idle_rests_per_s: how often they fall asleep in that time, all together, per second (voluntary context
/// switches).
/// trickle_us_per_task: CPU time of the whole process per task while one thread wakes each millisecond for 2 s and
/// posts one task to two workers. trickle_beyond_loop_us: the same without what the thread's own loop costs, which is
/// measured before there is a pool.
namespace bench::w9_idle {

inline constexpr std::size_t many_workers = 8;
inline constexpr std::size_t warm_up = 200;  // fits any peer's queue, so that the workers run them
inline constexpr auto rest = std::chrono::milliseconds(300);
inline constexpr auto idle = std::chrono::seconds(2);
inline constexpr auto period = std::chrono::milliseconds(1);
inline constexpr std::size_t bare_ticks = 1'000;
inline constexpr std::size_t ticks = 2'000;

/// Gives: CPU time per tick, in microseconds.
template <class F>
double trickle(std::size_t count, F each) {
  const usage before = usage::now();
  auto next = clock::now();
  for (std::size_t i = 0; i < count; ++i) {
    next += period;
    std::this_thread::sleep_until(next);
    each();
  }
  return (usage::now() - before).cpu_ns / 1000 / static_cast<double>(count);
}

inline void until_all_ran(std::uint64_t all) {
  while (tasks_run::total() < all) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

// The process and the watching thread are asked one after the other, which may differ by a microsecond.
inline double at_least_none(double value) { return std::max(value, 0.0); }

template <class Pool>
int run() {
  const double loop_us = trickle(bare_ticks, [] {});
  usage idled;
  {
    Pool pool(many_workers);
    for (std::size_t i = 0; i < warm_up; ++i) pool.post([] { tasks_run::add(); });
    until_all_ran(warm_up);
    std::this_thread::sleep_for(rest);
    const usage before = usage::of_others();
    std::this_thread::sleep_for(idle);
    idled = usage::of_others() - before;
  }
  double trickle_us = 0;
  {
    Pool pool(workers);
    trickle_us = trickle(ticks, [&] { pool.post([] { tasks_run::add(); }); });
    until_all_ran(warm_up + ticks);
  }
  if (!all_ran(warm_up + ticks, many_workers + workers)) return 1;
  constexpr auto idle_s = std::chrono::duration<double>(idle).count();
  return report(Pool::version())
      .metric("idle_percent", at_least_none(idled.cpu_ns) / (idle_s * 1e9) * 100)
      .metric("idle_rests_per_s", at_least_none(idled.rests) / idle_s)
      .metric("trickle_us_per_task", trickle_us)
      .metric("trickle_beyond_loop_us", trickle_us - loop_us)
      .fact("loop_us", loop_us)
      .print();
}

}  // namespace bench::w9_idle
