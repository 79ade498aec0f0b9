// The zygote is killed at any moment, also between the fork of a worker and the worker's request to die with it: within
// a second no worker is left, and the session says that it is lost.
//   zygote_killed [rounds]

#include <sys/prctl.h>

#include <chrono>
#include <cstdlib>
#include <string>
#include <variant>
#include <workpool/detail/posix/orphan_sweep.hpp>
#include <workpool/worker/zygote_hall.hpp>

#include "fault.hpp"
#include "support/left_behind.hpp"
#include "support/zygote_talk.hpp"

namespace wp = workpool;
namespace wpd = workpool::detail;

namespace {

/// Asks for workers that would live for ever, and kills the zygote `moment` later.
void kill_while_it_works(std::chrono::microseconds moment) {
  auto session = wpd::open_session({.start = wp::start_method::fork, .main = &workpool_test::obedient_worker});
  const auto until = std::chrono::steady_clock::now() + moment;
  for (int n = 0; n < 20; ++n) session.request({});
  while (std::chrono::steady_clock::now() < until) {
  }
  ::kill(session.zygote_pid(), SIGKILL);
  while (!std::holds_alternative<wpd::zygote_lost>(workpool_test::next_news(session))) {
  }
}

}  // namespace

int main(int argc, char** argv) {
  const workpool_test::hang_trap trap("zygote_killed");
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 200;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever is left comes here
  for (int round = 0; round < rounds && fault::failures == 0; ++round) {
    kill_while_it_works(std::chrono::microseconds(round % 50 * 100));
    const std::string left = workpool_test::left_behind([] { return wpd::own_children(); });
    fault::expect(left.empty(), "round " + std::to_string(round) + ": " + left);
    wpd::sweep_orphans([](int) { return false; });
  }
  return fault::failures;
}
