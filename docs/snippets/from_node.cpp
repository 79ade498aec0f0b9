// What one does in Node with child_process.fork.
//! [program]
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <workpool/pool.hpp>
#include <workpool/worker_entry.hpp>

namespace wp = workpool;

int parse(int page) {
  if (page == 7) std::abort();
  return page * 100;
}

int main(int argc, char** argv) {
  if (const auto code = wp::worker_entry(argc, argv)) return *code;

  wp::fork_pool pool{1};
  for (const int page : {6, 7, 8}) {
    try {
      const int words = pool.submit(parse, page).get();
      std::cout << "page " << page << ": " << words << " words\n";
    } catch (const wp::worker_lost& lost) {
      const bool aborted = lost.report().signal == SIGABRT;
      std::cout << "page " << page << ": died of " << (aborted ? "SIGABRT" : "something else") << '\n';
    }
  }
}
//! [program]
