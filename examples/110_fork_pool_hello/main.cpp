// Tasks in child processes. One of them crashes: it alone is lost, and its worker is replaced.
#include <csignal>
#include <cstring>
#include <iostream>
#include <vector>
#include <workpool/pool/fork_pool.hpp>
#include <workpool/worker_entry.hpp>  // in the one file with main; needs the headers of Boost

namespace wp = workpool;

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;  // the first line: children enter here

  wp::fork_pool pool;
  auto sum = pool.submit([](int a, int b) { return a + b; }, 40, 2);  // nothing captured: data travels as arguments
  auto crash = pool.submit({.name = "crash"}, [] { std::raise(SIGSEGV); });
  std::vector<wp::future<int>> squares;
  for (int n = 1; n <= 5; ++n) squares.push_back(pool.submit([](int x) { return x * x; }, n));

  std::cout << "the answer is " << sum.get() << '\n';
  try {
    crash.get();
  } catch (const wp::worker_lost& lost) {  // what() says all of it, for a log
    const wp::crash_report& report = lost.report();
    std::cout << "task '" << report.task_name << "' was lost with its worker: " << to_string(report.why) << ' '
              << report.signal << ", " << strsignal(report.signal) << '\n';
  }
  for (auto& square : squares) std::cout << square.get() << ' ';
  std::cout << "\nfinished " << pool.stats().completed << " tasks, lost " << pool.stats().worker_lost << '\n';
}
