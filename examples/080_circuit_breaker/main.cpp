// A backend that goes down for a while, and a circuit breaker that keeps the calls away from it: as a chart over time.
// The clock is turned by hand, so that half a minute passes at once; without it the breaker goes by the steady clock.
#include <chrono>
#include <iostream>
#include <stdexcept>
#include <string>
#include <workpool/circuit_breaker.hpp>
#include <workpool/core/manual_clock.hpp>

namespace wp = workpool;
using namespace std::chrono_literals;

int main() {
  wp::manual_clock clock;
  const auto start = clock.now();
  const auto seconds = [&] { return std::chrono::duration_cast<std::chrono::seconds>(clock.now() - start).count(); };

  const auto ask_backend = [&] {  // down from second 5 to second 19
    if (seconds() >= 5 && seconds() < 19) throw std::runtime_error("connection refused");
  };

  wp::circuit_breaker breaker({.failure_threshold = 3, .open_for = 5s, .half_open_probes = 2}, clock);
  breaker.on_transition([&](auto from, auto to) {
    std::cout << "second " << seconds() << ": " << to_string(from) << " -> " << to_string(to) << '\n';
  });

  std::string calls, states;
  for (; seconds() < 30; clock.advance(1s)) {
    try {
      breaker.execute(ask_backend);
      calls += '+';
    } catch (const wp::circuit_open&) {
      calls += '.';
    } catch (const std::runtime_error&) {
      calls += '!';
    }
    switch (breaker.current()) {
      case wp::circuit_breaker::state::open:
        states += '#';
        break;
      case wp::circuit_breaker::state::half_open:
        states += '~';
        break;
      default:
        states += '_';
    }
  }
  std::cout << "\ncalls   " << calls << "   + answered   ! failed   . kept away\n"
            << "breaker " << states << "   _ closed     # open     ~ half open\n"
            << "        0    5    10   15   20   25   seconds\n\n";
  const auto counts = breaker.stats();
  std::cout << counts.successes << " answered, " << counts.failures << " failed, " << counts.rejected
            << " never reached the backend\n";
}
