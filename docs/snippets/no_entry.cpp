// A fork pool in a program whose main does not call worker_entry, and that has a thread more than main's.
#include <latch>
#include <thread>
#include <workpool/pool.hpp>

#include "say.hpp"

namespace wp = workpool;

int main() {
  std::latch end(1);
  //! [program]
  std::thread other([&] { end.wait(); });
  say("a fork pool without worker_entry", [] { wp::fork_pool pool; });
  //! [program]
  end.count_down();
  other.join();
}
