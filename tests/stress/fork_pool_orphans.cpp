// fork_pool_orphans [rounds] [seed]: hosts with busy workers and stray grandchildren are killed at random moments;
// within a second nothing of them may be left.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "support/forking_main.hpp"
#include "support/hang_trap.hpp"
#include "support/killed_hosts.hpp"

int forking_main(int argc, char** argv) {
  const std::string first = argc > 1 ? argv[1] : "200";
  if (first == "host") workpool_test::be_killed_host(workpool_test::start_by_name(argc > 2 ? argv[2] : ""));
  const int rounds = std::atoi(first.c_str());
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : std::random_device{}();
  std::printf("fork_pool_orphans: %d rounds, seed %" PRIu64 "\n", rounds, seed);
  std::fflush(stdout);
  const workpool_test::hang_trap trap("fork_pool_orphans", std::chrono::seconds(60 + 15 * rounds));
  const int wrong = workpool_test::kill_hosts(rounds, seed, "host");
  std::printf("fork_pool_orphans: %d rounds went wrong\n", wrong);
  return wrong == 0 ? 0 : 1;
}
