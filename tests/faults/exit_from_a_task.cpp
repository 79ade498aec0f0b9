// exit(3) called by a task of a global pool destroys that pool on one of its own workers: it neither joins itself nor
// waits for itself, and the process ends with that code.
//   exit_from_a_task worker | busy | guest

#include <cstdlib>
#include <string>
#include <workpool/pool/thread_pool.hpp>

#include "fault.hpp"
#include "support/gate.hpp"

namespace wp = workpool;

namespace {

const workpool_test::hang_trap trap("exit_from_a_task");  // destroyed after the pool

wp::thread_pool pool{{.name = "global", .workers = 2}};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string mode = argv[1];
  static gate never;
  if (mode == "busy") {  // with another body that never ends, and tasks that wait
    pool.post([] { never.wait(); });
    never.await_arrivals(1);
    static gate all_posted;  // whoever uses a pool beyond its end is on their own
    pool.post([] {
      all_posted.wait();
      std::exit(3);
    });
    for (int n = 0; n < 100; ++n) pool.post([] {});
    all_posted.open();
  } else if (mode == "guest") {  // the task runs on this thread
    pool.pause();
    auto ends = pool.submit([] { std::exit(3); });
    ends.get(wp::help);
  } else {
    pool.post([] { std::exit(3); });
  }
  never.wait();
}
