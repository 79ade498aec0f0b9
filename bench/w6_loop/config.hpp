#pragma once
#include <cstdint>
#include <vector>

#include "driver/work_unit.hpp"

/// W6: one loop after another, on two threads, the one that asks included where it takes part.
/// trivial_us: a million bodies that add 1 to a 16-bit number of their own; microseconds a loop, median of the passes.
/// units_per_ideal: 2000 bodies of one work unit each (about 1 µs); time of the loop over the ideal, which is 2000
/// times what a unit takes while two threads do nothing else, over 2; median of the passes.
namespace bench::w6_loop {

inline constexpr std::size_t trivial_bodies = 1'000'000;
inline constexpr std::size_t unit_bodies = 2'000;
inline constexpr std::size_t warm_up = 20;                      // passes of each that do not count
inline constexpr std::size_t most_passes = 500;                 // with those
inline constexpr auto enough = std::chrono::milliseconds(350);  // for each of the two

// Not a byte, which may alias everything, so that no compiler could take several bodies at once.
using count = std::uint16_t;

/// Gives: whether every body has run in every pass.
inline bool all_counted(const std::vector<count>& counts, std::size_t passes, const char* what) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == passes) continue;
    std::fprintf(stderr, "wrong answer: %s body %zu ran %u times, expected %zu\n", what, i, unsigned{counts[i]},
                 passes);
    return false;
  }
  return true;
}

/// Gives: the nanoseconds of each pass that counts, at least one.
template <class Contender, class Body>
std::vector<double> measure(Contender& contender, std::size_t bodies, const Body& body) {
  std::vector<double> each;
  const auto begin = clock::now();
  while (each.size() < most_passes && (each.size() <= warm_up || clock::now() - begin < enough)) {
    const auto start = clock::now();
    contender.loop(bodies, body);
    each.push_back(nanoseconds(clock::now() - start));
  }
  return each;
}

inline double median_warm(const std::vector<double>& each) {
  return median({each.begin() + static_cast<std::ptrdiff_t>(warm_up), each.end()});
}

/// A contender is made with the number of threads that are to compute, and has loop(count, body), which calls body(i)
/// for every i below count and returns when all have ended.
template <class Contender>
int run() {
  const work_unit unit;
  std::vector<count> trivial(trivial_bodies), units(unit_bodies);
  std::vector<double> trivial_ns, units_ns;
  usage used;
  double each_ns = 0;
  {
    Contender contender(workers);
    const usage before = usage::now();
    trivial_ns = measure(contender, trivial_bodies, [counts = trivial.data()](std::size_t i) { ++counts[i]; });
    used = usage::now() - before;
    each_ns = unit.nanoseconds_each();
    units_ns = measure(contender, unit_bodies, [counts = units.data(), &unit](std::size_t i) {
      unit.spend(1);
      ++counts[i];
    });
    each_ns = (each_ns + unit.nanoseconds_each()) / 2;
  }
  if (!all_counted(trivial, trivial_ns.size(), "trivial") || !all_counted(units, units_ns.size(), "unit")) return 1;
  return report(Contender::version())
      .metric("trivial_us", median_warm(trivial_ns) / 1000)
      .metric("units_per_ideal", median_warm(units_ns) / (each_ns * unit_bodies / workers))
      .consumed(used, trivial_ns.size())
      .fact("unit_ns", each_ns)
      .fact("passes", static_cast<double>(trivial_ns.size()))
      .print();
}

}  // namespace bench::w6_loop
