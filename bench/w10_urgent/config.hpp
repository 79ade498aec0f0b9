#pragma once
#include <atomic>
#include <thread>
#include <vector>

#include "driver/work_unit.hpp"

/// W10: two workers are kept busy by 200 tasks of low priority, each of which works for about 1 µs (a work unit) and
/// then posts itself again with low priority. Now and then another thread wakes and posts one task of the highest
/// priority. p50_us, p99_us: from before that post until the task begins.
namespace bench::w10_urgent {

inline constexpr std::size_t flood = 200;  // fewer than fit any peer's queue of fixed size
inline constexpr std::size_t warm_up = 100;
inline constexpr std::size_t samples = 2'000;
inline constexpr auto pause = std::chrono::microseconds(200);

/// A contender is made with the number of workers and has low(f) and urgent(f); low() is also called by tasks.
template <class Contender>
struct low_task {
  Contender* contender;
  const work_unit* unit;
  const std::atomic<bool>* over;
  std::atomic<std::size_t>* ended;

  void operator()() const {
    unit->spend(1);
    tasks_run::add();
    if (over->load(std::memory_order_relaxed)) {
      ended->fetch_add(1);
    } else {
      contender->low(*this);
    }
  }
};

template <class Contender>
int run() {
  const work_unit unit;
  std::vector<double> waited_us;
  std::atomic<bool> over{false};
  std::atomic<std::size_t> ended{0};
  std::uint64_t low_ran = 0;
  {
    Contender contender(workers);
    for (std::size_t i = 0; i < flood; ++i) contender.low(low_task<Contender>{&contender, &unit, &over, &ended});
    for (std::size_t i = 0; i < warm_up + samples; ++i) {
      std::this_thread::sleep_for(pause);
      std::atomic<clock::rep> began{0};
      const auto posted = clock::now();
      contender.urgent([&began] {
        tasks_run::add();
        began.store(clock::now().time_since_epoch().count(), std::memory_order_release);
      });
      while (began.load(std::memory_order_acquire) == 0) std::this_thread::sleep_for(pause);
      if (i < warm_up) continue;
      const clock::time_point start{clock::duration(began.load())};
      waited_us.push_back(nanoseconds(start - posted) / 1000);
    }
    low_ran = tasks_run::total();
    over.store(true);
    while (ended.load() < flood) std::this_thread::sleep_for(pause);
  }
  // The flood was one: at least a low task for each urgent one.
  if (low_ran < 2 * (warm_up + samples)) {
    std::fprintf(stderr, "wrong answer: only %llu tasks ran beside %zu urgent ones\n",
                 static_cast<unsigned long long>(low_ran), warm_up + samples);
    return 1;
  }
  if (!all_ran(tasks_run::total())) return 1;
  return report(Contender::version())
      .metric("p50_us", percentile(waited_us, 0.50))
      .metric("p99_us", percentile(waited_us, 0.99))
      .fact("low_tasks_per_urgent", static_cast<double>(low_ran) / (warm_up + samples) - 1)
      .fact("threads", static_cast<double>(tasks_run::threads()))
      .print();
}

}  // namespace bench::w10_urgent
