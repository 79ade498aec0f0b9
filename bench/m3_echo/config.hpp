#pragma once
#include <string>
#include <vector>

#include "driver/run.hpp"

/// M3: a string goes to another process and comes back, one at a time; median of the round trips.
namespace bench::m3_echo {

struct size {
  const char* name;
  std::size_t bytes, rounds;
};
inline constexpr size sizes[] = {{"echo_1kib_us", 1 << 10, 2000},
                                 {"echo_64kib_us", 64 << 10, 500},
                                 {"echo_1mib_us", 1 << 20, 60},
                                 {"echo_64mib_us", 64 << 20, 3}};

template <class Pool>
int run() {
  report line(Pool::version());
  Pool pool(workers);
  for (const size& one : sizes) {
    std::string sent(one.bytes, '\0');
    for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<char>(i * 7 / 3);
    std::vector<double> us;
    for (std::size_t i = 0; i < one.rounds + 1; ++i) {  // the first warms up
      const auto start = clock::now();
      auto result = pool.submit([](std::string value) { return value; }, sent);
      const std::string back = Pool::get(result);
      const double took = nanoseconds(clock::now() - start) / 1000;
      if (back != sent) {
        std::fprintf(stderr, "wrong answer: %zu bytes came back as %zu, or as others\n", sent.size(), back.size());
        return 1;
      }
      if (i > 0) us.push_back(took);
    }
    line.metric(one.name, median(us));
  }
  return line.print();
}

}  // namespace bench::m3_echo
