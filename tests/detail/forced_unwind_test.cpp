#include <workpool/detail/forced_unwind.hpp>

#include "support/catch.hpp"

#include <pthread.h>
#include <stdexcept>
#include <thread>

TEST_CASE("a forced unwind passes a handler of everything, and an exception does not") {
  bool caught = false;
  bool unwound = false;
  std::thread([&] {
    const struct note {
      bool& seen;
      ~note() { seen = true; }
    } at_the_end{unwound};
    try {
      ::pthread_exit(nullptr);
    }
    WORKPOOL_LET_FORCED_UNWIND_THROUGH
    catch (...) {
      caught = true;
    }
  }).join();
  CHECK(unwound);
  CHECK_FALSE(caught);
  try {
    throw std::runtime_error("ordinary");
  }
  WORKPOOL_LET_FORCED_UNWIND_THROUGH
  catch (...) {
    caught = true;
  }
  CHECK(caught);
}
