// The host is killed at any moment, with busy workers and processes of theirs in groups and sessions of their own:
// within a second nothing of it is left.
//   fork_host_killed [rounds] [seed]

#include "fault.hpp"
#include "support/forking_main.hpp"
#include "support/killed_hosts.hpp"

int forking_main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "20";
  if (mode == "host") workpool_test::be_killed_host(workpool_test::start_by_name(argc > 2 ? argv[2] : ""));
  const workpool_test::hang_trap trap("fork_host_killed");
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}();
  fault::expect_equal(workpool_test::kill_hosts(std::atoi(mode.c_str()), seed, "host"), 0, "rounds that went wrong");
  return fault::failures;
}
