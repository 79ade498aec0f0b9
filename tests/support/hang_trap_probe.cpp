// Hangs on purpose; the tests of the hang trap look at how it ends.
#include <thread>

#include "support/catch.hpp"

extern "C" void wait_for_ever() {
  for (volatile bool end = false; !end;) std::this_thread::yield();
}

TEST_CASE("a body that never returns") {
  std::jthread other(&wait_for_ever);
  wait_for_ever();
}
