#pragma once
#include <sys/resource.h>

#include <cstdint>

#include "driver/tally.hpp"

namespace bench {

/// What the whole process has consumed so far. Steadier than time: no other program moves it much.
struct usage {
  double cpu_ns = 0;       // user and system, all threads
  double switches = 0;     // voluntary and not
  double rests = 0;        // voluntary ones alone: a thread had nothing to do
  double allocations = 0;  // calls of malloc and its kin

  static usage now() { return of(RUSAGE_SELF); }

  /// Without what the calling thread has consumed, allocations excepted.
  static usage of_others() {
    usage others = now();
    const usage mine = of(RUSAGE_THREAD);
    others.cpu_ns -= mine.cpu_ns;
    others.switches -= mine.switches;
    others.rests -= mine.rests;
    return others;
  }

  friend usage operator-(const usage& later, const usage& earlier) {
    return {later.cpu_ns - earlier.cpu_ns, later.switches - earlier.switches, later.rests - earlier.rests,
            later.allocations - earlier.allocations};
  }

 private:
  static usage of(int whom) {
    rusage used{};
    getrusage(whom, &used);
    const auto ns = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_usec) * 1e3;
    };
    return {ns(used.ru_utime) + ns(used.ru_stime), static_cast<double>(used.ru_nvcsw + used.ru_nivcsw),
            static_cast<double>(used.ru_nvcsw), static_cast<double>(bench::allocations::total())};
  }
};

}  // namespace bench
