// So many simulated hours, each with its own seed, load, limits and strategy, under which every invariant has to hold.
//
//   simulator_seeds <seeds> <first seed>
//
// A seed that fails is shown with what broke and when; `simulator_seeds 1 <seed>` runs it again, the same to the byte.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <workpool/detail/random_source.hpp>
#include <workpool/select/least_busy.hpp>
#include <workpool/select/least_completed.hpp>
#include <workpool/select/random.hpp>
#include <workpool/select/random_of_two.hpp>
#include <workpool/select/sticky.hpp>
#include <workpool/select/weighted_round_robin.hpp>
#include <workpool/testing/simulator.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;
using wp::testing::simulation;
using wp::testing::simulation_options;
using wp::testing::simulator;

namespace {

struct totals {
  std::uint64_t events = 0, tasks = 0, refused = 0, restarts = 0, given_up = 0, transitions = 0;
  std::uint64_t ended[wp::outcome_count]{};
};

simulation_options day_of(std::uint64_t seed) {
  wp::detail::random_source draw(seed);
  simulation_options day{.seed = seed};
  day.workers = 1 + draw.below(8);
  day.gap = std::chrono::milliseconds(1000 + draw.below(4000));
  day.restart.max_restarts = static_cast<unsigned>(draw.below(6));
  day.restart.window = std::chrono::seconds(30 + draw.below(600));
  day.restart.reset_after = std::chrono::seconds(draw.below(120));
  day.restart.backoff = {.initial = std::chrono::milliseconds(draw.below(3) * 100),
                         .factor = draw.below(4) == 0 ? 1.0 : 2.0,
                         .max = 20s,
                         .jitter = draw.below(2) == 0 ? 0.0 : 0.5};
  day.breaker.half_open_probes = static_cast<unsigned>(1 + draw.below(4));
  if (draw.below(2) == 0) {
    day.breaker.failure_threshold = static_cast<unsigned>(2 + draw.below(8));
  } else {
    day.breaker.failure_threshold = 0;
    day.breaker.failure_rate = 0.3;
    day.breaker.window_time = draw.below(2) == 0 ? wp::duration() : wp::duration(2min);
  }
  return day;
}

simulation run(std::uint64_t seed) {
  const simulation_options day = day_of(seed);
  switch (seed % 8) {
    case 0:
      return simulator<wp::select::first_idle>(day).run();
    case 1:
      return simulator<wp::select::least_busy>(day).run();
    case 2:
      return simulator<wp::select::least_completed>(day).run();
    case 3:
      return simulator<wp::select::random>(day, wp::select::random(seed)).run();
    case 4:
      return simulator<wp::select::random_of_two>(day, wp::select::random_of_two(seed)).run();
    case 5:
      return simulator<wp::select::sticky>(day).run();
    case 6:
      return simulator<wp::select::weighted_round_robin>(day, wp::select::weighted_round_robin({3, 1, 0, 2})).run();
    default:
      return simulator<>(day).run();
  }
}

}  // namespace

int main(int count, char** words) {
  if (count != 3) {
    std::fprintf(stderr, "usage: simulator_seeds <seeds> <first seed>\n");
    return 2;
  }
  const std::uint64_t seeds = std::strtoull(words[1], nullptr, 10);
  const std::uint64_t first = std::strtoull(words[2], nullptr, 10);
  const auto begin = std::chrono::steady_clock::now();
  totals all;
  int failed = 0;
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    const simulation day = run(seed);
    all.events += day.events;
    all.tasks += day.accepted;
    all.refused += day.refused;
    all.restarts += day.restarts;
    all.given_up += day.given_up;
    all.transitions += day.transitions;
    for (std::size_t n = 0; n < wp::outcome_count; ++n) all.ended[n] += day.outcomes[n];
    if (!day.broken.empty()) {
      std::fprintf(stderr, "seed %llu: %s\n", static_cast<unsigned long long>(seed), day.broken.front().c_str());
      if (++failed == 20) break;
    }
    if ((seed - first + 1) % 1000 == 0) {
      std::printf("%llu hours simulated\n", static_cast<unsigned long long>(seed - first + 1));
      std::fflush(stdout);
    }
  }
  const auto said = [](std::uint64_t n) { return static_cast<unsigned long long>(n); };
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf(
      "%llu events, %llu tasks, %llu refused by breakers, %llu transitions, %llu restarts, %llu slots given up\n",
      said(all.events), said(all.tasks), said(all.refused), said(all.transitions), said(all.restarts),
      said(all.given_up));
  std::printf("value %llu, failed %llu, cancelled %llu, expired %llu, timed out %llu, worker lost %llu; %.1f s\n",
              said(all.ended[0]), said(all.ended[1]), said(all.ended[2]), said(all.ended[3]), said(all.ended[4]),
              said(all.ended[5]), took);
  return failed == 0 ? 0 : 1;
}
